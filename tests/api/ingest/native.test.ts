import { describe, expect, it } from 'vitest';
import { snakeCase } from '../../../src/api/ingest/event-name.ts';
import { fromNative } from '../../../src/api/ingest/native.ts';
import { instantOf } from '../../../src/api/ingest/time.ts';

const receivedAt = new Date('2026-03-01T12:00:00.000Z');
const arrival = { receivedAt, newEventId: () => 'made-here' };
const translate = (item: unknown) => fromNative(item, 'api', arrival);
const someone = { anonymousId: 'visitor-1', eventType: 'page_view' };

const captured = (item: unknown) => {
  const translated = translate(item);
  if (!('capture' in translated)) throw new Error(`Not captured: ${JSON.stringify(translated)}`);
  return translated.capture;
};
const faults = (item: unknown) => {
  const translated = translate(item);
  return 'faults' in translated ? translated.faults.map(({ pointer, detail }) => `${pointer}: ${detail}`) : [];
};
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

describe('An activity in our own format', () => {
  it('becomes what is captured, with all that it says', () => {
    const item = {
      userId: ' u-1 ',
      email: ' Ada@Example.COM ',
      anonymousId: 'a-1',
      eventType: ' signup ',
      eventId: ' e-1 ',
      timestamp: '2026-03-01T10:00:00+02:00',
      sessionId: 's-1',
      properties: { plan: 'pro' },
      traits: { age: 36 },
    };
    expect(captured(item)).toEqual({
      identifiers: [
        { kind: 'userId', value: 'u-1' },
        { kind: 'email', value: 'ada@example.com' },
        { kind: 'anonymousId', value: 'a-1' },
      ],
      activity: {
        eventId: 'e-1',
        eventType: 'signup',
        source: 'api',
        sessionId: 's-1',
        occurredAt: '2026-03-01T08:00:00.000Z',
        receivedAt: '2026-03-01T12:00:00.000Z',
        properties: { plan: 'pro' },
        traits: { age: 36 },
      },
      exactTime: true,
    });
  });

  it('happened when it arrived, and gets an id, when it says neither', () => {
    const { activity, exactTime } = captured(someone);
    expect(activity).toEqual({
      eventId: 'made-here',
      eventType: 'page_view',
      source: 'api',
      properties: {},
      occurredAt: '2026-03-01T12:00:00.000Z',
      receivedAt: '2026-03-01T12:00:00.000Z',
    });
    expect(exactTime).toBe(false);
  });

  it('may call its type "event", and nulls are as good as nothing', () => {
    const item = {
      anonymousId: 'a',
      event: 'signup',
      eventType: null,
      userId: null,
      timestamp: null,
      properties: null,
    };
    expect(captured(item).activity.eventType).toBe('signup');
  });

  it.each([
    ['an address that is one', { traits: { email: 'A@b.co' } }, ['email:a@b.co', 'anonymousId:visitor-1']],
    ['an address that is none', { traits: { email: 'ask me' } }, ['anonymousId:visitor-1']],
    ['a value that many share', { traits: { email: 'null' } }, ['anonymousId:visitor-1']],
    ['a number', { traits: { email: 7 } }, ['anonymousId:visitor-1']],
    [
      'another address than the explicit one',
      { email: 'x@y.z', traits: { email: 'a@b.co' } },
      ['email:x@y.z', 'anonymousId:visitor-1'],
    ],
  ])('takes the e-mail trait for an identifier only where it can be one: %s', (_, more, expected) => {
    const { identifiers, activity } = captured({ ...someone, ...more });
    expect(identifiers.map(({ kind, value }) => `${kind}:${value}`)).toEqual(expected);
    expect(activity.traits).toEqual(more.traits);
  });

  it.each([
    ['is no object', 'text', /^: must be an object, is text/],
    ['is a list', [], /^: must be an object, is a list/],
    ["is nobody's", { eventType: 'x' }, /^: .*send userId, email or anonymousId/],
    ['has a blocked userId', { ...someone, userId: ' NULL ' }, /^\/userId: "NULL" does not identify anybody/],
    ['has a blank identifier', { ...someone, userId: ' ' }, /^\/userId: is blank/],
    ['has a number for an identifier', { ...someone, userId: 7 }, /^\/userId: must be text, is 7/],
    ['has a long identifier', { ...someone, userId: 'x'.repeat(257) }, /^\/userId: is 257 characters long/],
    ['has a NUL in an identifier', { ...someone, userId: 'a\0b' }, /^\/userId: holds a NUL/],
    [
      'has half a character in its event id',
      { ...someone, eventId: 'a\ud800' },
      /^\/eventId: holds a NUL character or half/,
    ],
    [
      'has no UTF-8 in an identifier',
      { ...someone, userId: 'jos\ufffd' },
      /^\/userId: .* not .*read \(U\+FFFD\); send UTF-8/,
    ],
    ['has no e-mail address for an e-mail', { ...someone, email: 'ada' }, /^\/email: "ada" is not an e-mail address/],
    ['has no type', { anonymousId: 'a' }, /^\/eventType: is missing/],
    ['has a blank type', { ...someone, eventType: ' ' }, /^\/eventType: is blank/],
    [
      'has a long type',
      { ...someone, eventType: 'x'.repeat(129) },
      /^\/eventType: is 129 characters long; at most 128/,
    ],
    ['has a wrong "event"', { anonymousId: 'a', event: 7 }, /^\/event: must be text/],
    [
      'has a long event id',
      { ...someone, eventId: 'x'.repeat(257) },
      /^\/eventId: is 257 characters long; at most 256/,
    ],
    ['has a long session id', { ...someone, sessionId: 'x'.repeat(257) }, /^\/sessionId: .*at most 256/],
    ['has a time that is none', { ...someone, timestamp: 'yesterday' }, /^\/timestamp: must be an ISO 8601 time/],
    [
      'lies in the future',
      { ...someone, timestamp: '2026-03-02T12:00:00.001Z' },
      /^\/timestamp: lies more than 24 hours/,
    ],
    ['has a list for properties', { ...someone, properties: [] }, /^\/properties: must be an object, is a list/],
    ['has text for traits', { ...someone, traits: 'x' }, /^\/traits: must be an object/],
    [
      'has large properties',
      { ...someone, properties: { a: 'é'.repeat(16_381) } },
      /^\/properties: is 32770 bytes long/,
    ],
    ['has deep properties', { ...someone, properties: nested(11) }, /^\/properties: is nested deeper than 10 levels/],
    ['has very deep traits', { ...someone, traits: nested(5_000) }, /^\/traits: is nested deeper than 10 levels/],
    [
      'has a number beyond numbers',
      JSON.parse('{"anonymousId":"a","eventType":"x","properties":{"n":1e999}}'),
      /^\/properties: holds a number/,
    ],
    [
      'has a key that JavaScript takes for another',
      { ...someone, properties: JSON.parse('{"__proto__":{}}') },
      /^\/properties: holds a key/,
    ],
    ['has a key with a NUL', { ...someone, traits: { 'a\0': 1 } }, /^\/traits: holds a key that is not allowed/],
  ])('is refused when it %s', (_, item, expected) => {
    expect(faults(item)).toEqual([expect.stringMatching(expected)]);
  });

  it('is taken up to the limits', () => {
    const properties = { a: 'é'.repeat(16_380) };
    const item = {
      userId: 'u'.repeat(256),
      eventType: 't'.repeat(128),
      eventId: 'e'.repeat(256),
      sessionId: 's'.repeat(256),
      timestamp: '2026-03-02T12:00:00Z',
      properties,
      traits: nested(10),
    };
    expect(Buffer.byteLength(JSON.stringify(properties))).toBe(32 * 1024);
    expect(faults(item)).toEqual([]);
  });

  it('has at most 500 traits, with names of 128 characters', () => {
    const traits = (count: number, length: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [String(n).padStart(length, 't'), 1]));
    const item = (count: number, length: number) => ({
      userId: 'u1',
      eventType: 'identify',
      traits: traits(count, length),
    });
    expect([faults(item(500, 4)), faults(item(20, 128))]).toEqual([[], []]);
    expect(faults(item(501, 4))).toEqual([expect.stringMatching(/^\/traits: has 501 traits/)]);
    expect(faults(item(20, 129))).toEqual([expect.stringMatching(/^\/traits: has a trait whose name is 129/)]);
  });

  it('is told all that is wrong with it, with the event id it has', () => {
    const translated = translate({ eventId: 'e-1', userId: 'null', timestamp: 'x' });
    expect(translated).toMatchObject({ eventId: 'e-1' });
    expect(faults({ eventId: 'e-1', userId: 'null', timestamp: 'x' }).map((each) => each.split(':')[0])).toEqual([
      ...['/userId', '/eventType', '/timestamp'],
    ]);
  });
});

describe('A time', () => {
  it.each([
    ['2026-01-31T09:30:00Z', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31T09:30:00.1Z', '2026-01-31T09:30:00.100Z'],
    ['2026-01-31T09:30:00.123456789Z', '2026-01-31T09:30:00.123Z'],
    ['2026-01-31T09:30:00+05:30', '2026-01-31T04:00:00.000Z'],
    ['2026-01-31T09:30:00-0800', '2026-01-31T17:30:00.000Z'],
    ['2026-01-31T09:30+02', '2026-01-31T07:30:00.000Z'],
    ['2026-01-31T09:30:00', '2026-01-31T09:30:00.000Z'],
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    [1_769_851_800_000, '2026-01-31T09:30:00.000Z'],
  ])('is understood: %s', (value, expected) => {
    expect(new Date(instantOf(value) ?? NaN).toISOString()).toBe(expected);
  });

  it.each([
    ...['', 'now', '2026-02-29', '2026-13-01', '2026-00-10', '2026-01-31T24:00:00Z', '2026-01-31T09:60:00Z'],
    ...[
      '0026-01-31T00:00:00Z',
      '1969-12-31T23:59:59Z',
      '1970-01-01T00:00:00+01:00',
      'Sat Jan 31 2026',
      '2026-01-31T09:30:00+24:00',
    ],
    ...[-1, 1.5, 1_769_851_800, Infinity, 2 ** 53, true, null, {}, ['2026-01-31']],
  ])('is not guessed: %j', (value) => {
    expect(instantOf(value)).toBeUndefined();
  });
});

describe('The name of an event', () => {
  it.each([
    ['Demo Requested', 'demo_requested'],
    [`${'Demo '.repeat(205)}Requested`, `${'Demo '.repeat(205)}Requested`],
    ['PricingPageVisit', 'pricing_page_visit'],
    ['pricingPageVisit', 'pricing_page_visit'],
    ['form_submit', 'form_submit'],
    ['Form-Submitted!', 'form_submitted'],
    ['HTTPRequestSent', 'http_request_sent'],
    ['Step2Done', 'step2_done'],
    ['  Order  #12 ', 'order_12'],
    ['$pageview', 'pageview'],
    ['Демо Запрошено', 'демо_запрошено'],
    ['资料 下载', '资料_下载'],
    ['Cafe\u0301 Visité', 'cafe\u0301_visité'],
    [' 🎉 ', '🎉'],
  ])('%s becomes %s, and stays that', (name, expected) => {
    expect(snakeCase(name)).toBe(expected);
    expect(snakeCase(expected)).toBe(expected);
  });
});
