import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/lead/activity.ts';
import type { SegmentCall } from '../../../src/api/ingest/segment.ts';
import { fromSegment } from '../../../src/api/ingest/segment.ts';
import { identifierKey } from '../../../src/domain/identity/identity.ts';

const arrival = { receivedAt: new Date('2026-03-01T12:00:00.000Z'), newEventId: () => 'made-here' };
const translate = (call: SegmentCall, item: unknown, envelope: JsonObject = {}) =>
  fromSegment(call, item, envelope, arrival);

const captured = (call: SegmentCall, item: unknown, envelope: JsonObject = {}) => {
  const translated = translate(call, item, envelope);
  if (!('capture' in translated)) throw new Error(`Not captured: ${JSON.stringify(translated)}`);
  const { identifiers, unresolved = [], activity, exactTime } = translated.capture;
  const mayBe = unresolved.map(({ candidates, fallback }) => [
    candidates.map(identifierKey),
    fallback && identifierKey(fallback),
  ]);
  return { who: identifiers.map(identifierKey), mayBe, exactTime, ...activity };
};
const faults = (call: SegmentCall, item: unknown) => {
  const translated = translate(call, item);
  return 'faults' in translated ? translated.faults.map(({ pointer, detail }) => `${pointer}: ${detail}`) : [];
};

describe("A call of Segment's clients", () => {
  it('track is an activity named after its event', () => {
    const item = { messageId: 'm-1', userId: 'u', event: 'Demo Requested', properties: { size: 3 } };
    expect(captured('track', item)).toMatchObject({
      who: ['userId:u'],
      eventId: 'm-1',
      eventType: 'demo_requested',
      properties: { size: 3 },
      source: 'segment',
    });
  });

  it('page and screen are views, with their name and category', () => {
    const item = { anonymousId: 'a', name: 'Pricing', category: 'Docs', properties: { url: '/p' } };
    const properties = { name: 'Pricing', category: 'Docs', url: '/p' };
    expect(captured('page', item)).toMatchObject({ eventType: 'page_view', properties });
    expect(captured('screen', item)).toMatchObject({ eventType: 'screen_view', properties });
    expect(captured('page', { anonymousId: 'a', name: null }).properties).toEqual({});
  });

  it('identify has the traits of the person, those of the call before those of its context', () => {
    const context = { traits: { plan: 'free', city: 'Bonn', email: 'old@x.io' } };
    const item = { userId: 'u', traits: { plan: 'pro', email: 'New@x.io' }, context };
    expect(captured('identify', item)).toMatchObject({
      who: ['userId:u', 'email:new@x.io'],
      eventType: 'identify',
      traits: { plan: 'pro', city: 'Bonn', email: 'New@x.io' },
      properties: {},
    });
    expect(captured('identify', { userId: 'u', context }).traits).toEqual(context.traits);
  });

  it('group keeps the traits of the group away from the person', () => {
    const item = { userId: 'u', groupId: 42, traits: { name: 'Acme', email: 'info@acme.io' } };
    const activity = captured('group', item);
    expect(activity).toMatchObject({ who: ['userId:u'], eventType: 'group' });
    expect(activity.properties).toEqual({ groupId: 42, traits: { name: 'Acme', email: 'info@acme.io' } });
    expect(activity).not.toHaveProperty('traits');
  });

  it('alias brings the user id together with a previous id that may be of any kind', () => {
    expect(captured('alias', { userId: 'u', previousId: 'a' })).toMatchObject({
      who: ['userId:u'],
      eventType: 'alias',
      properties: {},
      mayBe: [[['userId:a', 'anonymousId:a'], 'anonymousId:a']],
    });
    expect(captured('alias', { userId: 'u', previousId: ' Ada@x.io' })).toMatchObject({
      mayBe: [[['userId:Ada@x.io', 'email:ada@x.io', 'anonymousId:Ada@x.io'], 'email:ada@x.io']],
    });
    expect(captured('alias', { userId: 'u', previousId: 7, anonymousId: 'device' })).toMatchObject({
      who: ['userId:u'],
      mayBe: [[['userId:7', 'anonymousId:7'], 'anonymousId:7']],
    });
  });

  it('alias of an id with itself is nothing to do', () => {
    expect(translate('alias', { messageId: 'm', userId: 7, previousId: ' 7 ' })).toEqual({ ignored: 'm' });
    expect(translate('alias', { userId: 'u', previousId: 'u' })).toEqual({ ignored: 'made-here' });
    expect(translate('alias', { userId: 'u', previousId: 'u\u200B' })).toEqual({ ignored: 'made-here' });
  });

  it.each(['track', 'page', 'screen', 'group'] as const)(
    '%s is identified by the e-mail address of its context too',
    (call) => {
      const item = {
        anonymousId: 'a',
        event: 'X',
        groupId: 'g',
        context: { traits: { email: 'A@x.io', plan: 'pro' } },
      };
      const activity = captured(call, item);
      expect(activity.who).toEqual(['email:a@x.io', 'anonymousId:a']);
      expect(activity).not.toHaveProperty('traits');
    },
  );

  it('may have numbers for ids, and blank ids for none', () => {
    expect(captured('track', { userId: 42, anonymousId: '', messageId: 7, event: 'X' })).toMatchObject({
      who: ['userId:42'],
      eventId: '7',
    });
  });

  it('has the session of its context, and the context of its batch', () => {
    const envelope = { context: { sessionId: 's-1', traits: { email: 'a@x.io' } } };
    expect(captured('track', { userId: 'u', event: 'X' }, envelope)).toMatchObject({
      sessionId: 's-1',
      who: ['userId:u', 'email:a@x.io'],
    });
    const context = { sessionId: 1_700_000_000_000 };
    expect(captured('track', { userId: 'u', event: 'X', context }, envelope).sessionId).toBe('1700000000000');
    expect(captured('track', { userId: 'u', event: 'X', properties: { session_id: 's' } })).not.toHaveProperty(
      'sessionId',
    );
  });

  it.each([
    [
      'is corrected by the clock of the batch',
      { originalTimestamp: '2026-03-01T10:00:00Z' },
      { sentAt: '2026-03-01T10:00:05Z' },
      '2026-03-01T11:59:55.000Z',
      false,
    ],
    [
      'is corrected from the timestamp alone',
      { timestamp: '2026-03-01T10:00:00Z' },
      { sentAt: '2026-03-01T10:00:05Z' },
      '2026-03-01T11:59:55.000Z',
      false,
    ],
    [
      'is corrected from the original of two',
      { timestamp: '2020-01-01', originalTimestamp: '2026-03-01T10:00:00Z', sentAt: '2026-03-01T10:00:01Z' },
      {},
      '2026-03-01T11:59:59.000Z',
      false,
    ],
    [
      'is the timestamp where nothing says when it was sent',
      { timestamp: '2020-01-01', originalTimestamp: '2021-01-01' },
      {},
      '2020-01-01T00:00:00.000Z',
      true,
    ],
    [
      'is as given where the time of sending is none',
      { timestamp: '2020-01-01' },
      { sentAt: 'soon' },
      '2020-01-01T00:00:00.000Z',
      true,
    ],
    ['is that of arrival when it has none', {}, { sentAt: '2026-03-01T10:00:05Z' }, '2026-03-01T12:00:00.000Z', false],
  ])('has a time that %s', (_, item, envelope, occurredAt, exactTime) => {
    expect(captured('track', { userId: 'u', event: 'X', ...item }, envelope)).toMatchObject({ occurredAt, exactTime });
  });

  it.each<[SegmentCall, unknown, RegExp]>([
    ['track', 'text', /^: must be an object/],
    ['track', { userId: 'u' }, /^\/event: is missing/],
    ['track', { userId: 'u', event: '' }, /^\/event: is missing/],
    ['track', { userId: 'u', event: {} }, /^\/event: must be text, is an object/],
    ['track', { event: 'X' }, /^: .*send userId/],
    ['track', { userId: 0, event: 'X' }, /^\/userId: "0" does not identify anybody/],
    ['group', { userId: 'u' }, /^\/groupId: is missing/],
    ['alias', { userId: 'u' }, /^\/previousId: is missing/],
    ['alias', { previousId: 'a' }, /^\/userId: is missing/],
    ['alias', { userId: 'u', previousId: 'guest' }, /^\/previousId: "guest" does not identify/],
    ['alias', { userId: ' ', previousId: 'a' }, /^\/userId: is missing/],
  ])('%s is refused when it can not be read: %j', (call, item, expected) => {
    expect(faults(call, item)).toEqual([expect.stringMatching(expected)]);
  });
});
