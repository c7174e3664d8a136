import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/domain/lead/activity.ts';
import { fromCloudEvent } from '../../../src/api/ingest/cloud-event.ts';
import type { Translated } from '../../../src/api/ingest/item.ts';
import { fromNative } from '../../../src/api/ingest/native.ts';
import type { SegmentCall } from '../../../src/api/ingest/segment.ts';
import { fromSegment } from '../../../src/api/ingest/segment.ts';
import { ingesting } from './given.ts';

const arrival = { receivedAt: new Date('2026-03-01T12:00:00.000Z'), newEventId: () => 'made-here' };

/** What is recorded of an item, and where something was left out. Throws when it is refused. */
const recorded = (translated: Translated) => {
  if (!('capture' in translated)) throw new Error(`Not captured: ${JSON.stringify(translated)}`);
  const { capture, warnings = [] } = translated;
  const who = capture.identifiers.map(({ kind, value }) => `${kind}:${value}`);
  return { who, ...capture.activity, exact: capture.exactTime, left: warnings.map(({ pointer }) => pointer), warnings };
};
const ofSegment = (call: SegmentCall, item: JsonObject, envelope: JsonObject = {}) =>
  recorded(fromSegment(call, item, envelope, arrival));
const track = (more: JsonObject) => ofSegment('track', { userId: 'u', event: 'X', ...more });
const cloudEvent = (more: JsonObject) =>
  recorded(fromCloudEvent({ specversion: '1.0', id: 'e', source: '/crm', type: 'x', userid: 'u', ...more }, arrival));
const deep = (levels: number): JsonObject => (levels === 1 ? {} : { a: deep(levels - 1) });

describe('What is wrong with a field that an activity can do without', () => {
  it.each<[JsonObject, string, readonly string[]]>([
    [{ anonymousId: 'undefined' }, '/anonymousId', ['userId:u']],
    [{ anonymousId: 0 }, '/anonymousId', ['userId:u']],
    [{ anonymousId: '0000-0000' }, '/anonymousId', ['userId:u']],
    [{ anonymousId: 'x'.repeat(257) }, '/anonymousId', ['userId:u']],
    [{ anonymousId: true }, '/anonymousId', ['userId:u']],
    [{ anonymousId: 'a\ufffd' }, '/anonymousId', ['userId:u']],
    [{ userId: 'null', anonymousId: 'a' }, '/userId', ['anonymousId:a']],
    [{ userId: {}, anonymousId: 'a' }, '/userId', ['anonymousId:a']],
    [{ userId: 'x'.repeat(257), anonymousId: 'a' }, '/userId', ['anonymousId:a']],
  ])("of a Segment client's call leaves out an identifier beside a good one: %j", (more, pointer, who) => {
    const { left, ...activity } = track(more);
    expect(left).toEqual([pointer]);
    expect(activity).toMatchObject({ who, eventType: 'x' });
  });

  it.each<[JsonObject, string]>([
    ...['', ' ', 'x', '2026-02-30', '1969-12-31', '2026-03-02T12:00:01Z'].map((timestamp): [JsonObject, string] => [
      { timestamp },
      '/timestamp',
    ]),
    [{ timestamp: true }, '/timestamp'],
    [{ timestamp: {} }, '/timestamp'],
    [{ timestamp: 1_769_851_800 }, '/timestamp'],
  ])('makes the time that of arrival where it is no time: %j', (more, pointer) => {
    expect(track(more)).toMatchObject({ left: [pointer], occurredAt: '2026-03-01T12:00:00.000Z', exact: false });
  });

  it('is no loss where the other time is one', () => {
    const original = { originalTimestamp: '2026-03-01T10:00:00Z' };
    for (const timestamp of ['', 'x', null]) {
      const occurredAt = '2026-03-01T10:00:00.000Z';
      expect(track({ timestamp, ...original })).toMatchObject({ occurredAt, exact: true, left: [] });
    }
    const sent = { timestamp: '2026-03-01T10:00:00Z', originalTimestamp: '', sentAt: '2026-03-01T10:00:01Z' };
    expect(track(sent)).toMatchObject({ occurredAt: '2026-03-01T11:59:59.000Z', left: [] });
  });

  it.each<[JsonObject, string]>([
    [{ context: { sessionId: true } }, '/context/sessionId'],
    [{ sentAt: '' }, '/sentAt'],
    [{ sentAt: 'soon' }, '/sentAt'],
    [{ sentAt: {} }, '/sentAt'],
    [{ context: { page: 'home' } }, '/context/page'],
    [{ context: { sessionId: ['s'] } }, '/context/sessionId'],
    [{ context: { sessionId: 's'.repeat(257) } }, '/context/sessionId'],
    [{ messageId: {} }, '/messageId'],
    [{ messageId: 'a\0' }, '/messageId'],
    [{ properties: [1] }, '/properties'],
    [{ properties: 'x' }, '/properties'],
    [{ properties: deep(11) }, '/properties'],
    [{ properties: { a: 'x'.repeat(33_000) } }, '/properties'],
    [{ properties: { list: Array(2_000).fill(1) } }, '/properties'],
  ])('leaves it out: %j', (more, pointer) => {
    const { left, properties, eventId, ...activity } = track(more);
    expect(left).toEqual([pointer]);
    expect([properties, eventId, 'sessionId' in activity]).toEqual([{}, 'made-here', false]);
  });

  it('says what was wrong, and that it was left out', () => {
    expect(track({ context: { sessionId: true } }).warnings).toEqual([
      {
        code: 'field-left-out',
        pointer: '/context/sessionId',
        detail: 'must be text, is true; it was left out',
      },
    ]);
  });

  it('is told of each field, in one activity', () => {
    const item = { anonymousId: 'guest', timestamp: '', messageId: true, properties: 7, context: { sessionId: {} } };
    expect(track(item).left.toSorted()).toEqual([
      ...['/anonymousId', '/context/sessionId', '/messageId', '/properties', '/timestamp'],
    ]);
  });

  it('is nothing where an object is empty, as PHP writes it, or blank where it could be text', () => {
    expect(track({ properties: [] })).toMatchObject({ properties: {}, left: [] });
    expect(ofSegment('page', { userId: 'u', name: 'Pricing', properties: [] })).toMatchObject({
      properties: { name: 'Pricing' },
      left: [],
    });
    expect(ofSegment('identify', { userId: 'u', traits: [], context: { traits: { plan: 'pro' } } })).toMatchObject({
      traits: { plan: 'pro' },
      left: [],
    });
    const group = ofSegment('group', { userId: 'u', groupId: 'g', traits: [], properties: [] });
    expect(group).toMatchObject({ properties: { groupId: 'g' }, left: [] });
    expect(track({ anonymousId: '', messageId: ' ' })).toMatchObject({ left: [], eventId: 'made-here' });
  });

  it('leaves what stands beside it', () => {
    const page = ofSegment('page', { userId: 'u', name: 'Pricing', properties: 'x' });
    expect(page).toMatchObject({ properties: { name: 'Pricing' }, left: ['/properties'] });
    const context = { traits: { plan: 'pro', email: 'a@x.io' } };
    const identify = ofSegment('identify', { userId: 'u', traits: ['x'], context });
    expect(identify).toMatchObject({ who: ['userId:u', 'email:a@x.io'], traits: context.traits, left: ['/traits'] });
    const group = ofSegment('group', { userId: 'u', groupId: 'g', traits: 'x', properties: { a: 1 } });
    expect(group).toMatchObject({ properties: { groupId: 'g', a: 1 }, left: ['/traits'] });
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, index) => [`t${index}`, 1]));
    expect(ofSegment('identify', { userId: 'u', traits: many })).toMatchObject({
      who: ['userId:u'],
      left: ['/traits'],
    });
  });

  it('leaves out the members alone whose names are wrong, however deep', () => {
    const properties: JsonObject = JSON.parse('{"a\\u0000":1,"b":[{"__proto__":2,"c":3}],"d":{"\\u0000":{}},"e":4}');
    const { warnings, ...activity } = track({ properties });
    expect(activity).toMatchObject({ left: ['/properties'], properties: { b: [{ c: 3 }], d: {}, e: 4 } });
    expect(Object.keys(activity.properties)).toEqual(['b', 'd', 'e']);
    expect(warnings[0]?.detail).toContain(String.raw`"a\u0000"`);
    const traits = { plan: 'pro', ['x'.repeat(129)]: 1, 'a\0': 1 };
    expect(ofSegment('identify', { userId: 'u', traits })).toMatchObject({
      traits: { plan: 'pro' },
      left: ['/traits'],
    });
  });

  it('is told shortly, however many members there are, and of whatever length', () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `${'x'.repeat(1_000)}${index}\0`);
    const { warnings } = track({ properties: Object.fromEntries(names.map((name) => [name, 1])) });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.detail).toContain('and 995 more');
    expect(warnings[0]?.detail.length).toBeLessThan(500);
  });

  it('leaves out traits that would make properties and traits too many values together, and no more', () => {
    const values = (count: number) => ({ list: Array<number>(count).fill(1) });
    const data = { ...values(1_500), traits: values(1_500) };
    expect(cloudEvent({ data })).toMatchObject({ left: ['/data/traits'], properties: values(1_500) });
    const large = { ...values(2_500), traits: values(1_500) };
    expect(cloudEvent({ data: large })).toMatchObject({ left: ['/data'], traits: values(1_500) });
  });

  it('is left out of a CloudEvent too', () => {
    expect(cloudEvent({ time: 'noon' })).toMatchObject({ left: ['/time'], occurredAt: '2026-03-01T12:00:00.000Z' });
    expect(cloudEvent({ time: '' }).left).toEqual(['/time']);
    expect(cloudEvent({ email: 'ada' })).toMatchObject({ left: ['/email'], who: ['userId:u'] });
    expect(cloudEvent({ data: { anonymousId: 'undefined' } }).left).toEqual(['/data/anonymousId']);
    expect(cloudEvent({ data: { traits: [] } })).not.toHaveProperty('traits');
    expect(cloudEvent({ data: { traits: [] } }).left).toEqual([]);
    expect(cloudEvent({ data: { traits: 'x', a: 1 } })).toMatchObject({ left: ['/data/traits'], properties: { a: 1 } });
    const trait = cloudEvent({ email: 'ada', data: { traits: { email: 'ada@x.io' } } });
    expect(trait).toMatchObject({ left: ['/email'], who: ['userId:u', 'email:ada@x.io'] });
  });

  it('is what an activity can not do without: then it is refused', () => {
    const faults = (call: SegmentCall, item: JsonObject) => {
      const translated = fromSegment(call, item, {}, arrival);
      return 'faults' in translated ? translated.faults.map(({ pointer }) => pointer) : [];
    };
    expect(faults('track', { userId: 'null', anonymousId: 'undefined', event: 'X' })).toEqual([
      '/userId',
      '/anonymousId',
    ]);
    expect(faults('track', { userId: 'u', event: 'x'.repeat(129) })).toEqual(['/event']);
    expect(faults('alias', { userId: 'u', previousId: 'undefined' })).toEqual(['/previousId']);
    expect(faults('alias', { userId: true, previousId: 'a' })).toEqual(['/userId']);
  });
});

describe('An activity that something was left out of', () => {
  it('is recorded, and answered with where that stands in the request', async () => {
    await using app = await ingesting();
    const bad = { type: 'track', event: 'X', userId: 'u', anonymousId: 'undefined', timestamp: '', messageId: 'm' };
    const good = { type: 'track', event: 'X', userId: 'u', messageId: 'n', properties: [] };
    const warnings = ['anonymousId', 'timestamp'].map((name) => ({
      code: 'field-left-out',
      pointer: `/batch/1/${name}`,
      detail: expect.stringMatching(/; it was left out$/),
    }));
    for (const [accepted, status] of [
      [2, 'queued'],
      [0, 'duplicate'],
    ] as const) {
      const { body } = await app.post('/v1/batch', { batch: [good, bad] });
      expect(body).toMatchObject({ accepted, rejected: 0, results: [{ status }, { status, warnings }] });
      expect(body.results[0]).not.toHaveProperty('warnings');
    }
    const headers = { 'content-type': 'application/cloudevents+json' };
    const event = { specversion: '1.0', id: 'e', source: '/crm', type: 'x', userid: 'u', time: '' };
    const { statusCode, body } = await app.post('/api/events', event, headers);
    expect({ statusCode, warnings: body.warnings }).toEqual({
      statusCode: 202,
      warnings: [expect.objectContaining({ pointer: '/time' })],
    });
  });

  it('is the same one again when its id was too long', async () => {
    await using app = await ingesting();
    const item = (last: string) => ({ userId: 'u', event: 'X', messageId: `${'m'.repeat(300)}${last}` });
    const said: string[] = [];
    for (const last of ['1', '1', '2']) said.push((await app.post('/v1/track', item(last))).body.results[0].status);
    expect(said).toEqual(['queued', 'duplicate', 'queued']);
  });
});

describe('A member of our own format that nobody knows', () => {
  const warnings = (item: JsonObject) =>
    recorded(fromNative({ userId: 'u', event: 'x', ...item }, 'api', arrival)).warnings;

  it.each([
    ['propertes', 'properties'],
    ['property', 'properties'],
    ['event_id', 'eventId'],
    ['EventID', 'eventId'],
    ['user_id', 'userId'],
    ['anonymous-id', 'anonymousId'],
    ['evenType', 'eventType'],
    ['time', 'timestamp'],
    ['timeStamp', 'timestamp'],
    ['trait', 'traits'],
    ['e-mail', 'email'],
    ['session', 'sessionId'],
  ])('is told with the one that is nearest: %s', (name, meant) => {
    expect(warnings({ [name]: 1 })).toEqual([
      {
        code: 'field-unknown',
        pointer: `/${name}`,
        detail: `"${name}" is not known here and was left out; did you mean "${meant}"?`,
      },
    ]);
  });

  it('is told with all there are, where none is near', () => {
    expect(warnings({ 'a/b~': 1 })).toMatchObject([
      { pointer: '/a~1b~0', detail: expect.stringContaining('known are eventType, ') },
    ]);
  });

  it('is no known one', () => {
    const known = { eventType: 'x', email: 'a@x.io', anonymousId: 'a', eventId: 'e', timestamp: null, sessionId: 's' };
    expect(warnings({ ...known, properties: {}, traits: {}, writeKey: 'k' })).toEqual([]);
  });

  it('is told of a few, in few words, however many there are and of whatever length', () => {
    const item = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`${'x'.repeat(100)}${n}`, n]));
    const said = warnings(item);
    expect(said).toHaveLength(3);
    expect(JSON.stringify(said).length).toBeLessThan(1_000);
  });

  it('is told with what is wrong where that refuses the activity, as a wrong value does', async () => {
    await using app = await ingesting();
    const { statusCode, body } = await app.post('/api/events/ingest', { user_id: 'u', event: 'x', properties: [] });
    expect(statusCode).toBe(400);
    expect(body.errors).toEqual([
      { pointer: '', detail: expect.stringContaining('send userId') },
      { pointer: '/properties', detail: 'must be an object, is a list' },
      { pointer: '/user_id', detail: expect.stringContaining('did you mean "userId"?') },
    ]);
    const { body: batch } = await app.post('/api/events/batch', {
      events: [
        { userId: 'u', event: 'x', propertes: { a: 1 } },
        { userId: 'u', event: 'x', timestamp: '' },
      ],
    });
    expect(batch.results).toMatchObject([
      { status: 'queued', warnings: [{ code: 'field-unknown', pointer: '/events/0/propertes' }] },
      { status: 'rejected', error: { pointer: '/events/1/timestamp' } },
    ]);
  });
});
