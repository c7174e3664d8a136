import { describe, expect, it } from 'vitest';
import { contextBytes } from '../../../src/api/ingest/context.ts';
import type { SegmentCall } from '../../../src/api/ingest/segment.ts';
import { fromSegment, segmentCalls, takenOver } from '../../../src/api/ingest/segment.ts';
import type { JsonObject } from '../../../src/domain/lead/activity.ts';
import { ingesting } from './given.ts';

const arrival = { receivedAt: new Date('2026-03-01T12:00:00.000Z'), newEventId: () => 'made-here' };
const item = { userId: 'u', event: 'X', groupId: 'g', previousId: 'a' };

const captured = (context: unknown, envelope: JsonObject = {}, call: SegmentCall = 'track') => {
  const translated = fromSegment(
    call,
    context === undefined ? item : { ...item, context },
    takenOver(envelope),
    arrival,
  );
  if (!('capture' in translated)) throw new Error(`Not captured: ${JSON.stringify(translated)}`);
  return translated;
};

const kept = (...said: Parameters<typeof captured>) => captured(...said).capture.activity.context;
const told = (...said: Parameters<typeof captured>) =>
  (captured(...said).warnings ?? []).map(({ pointer, detail }) => `${pointer} ${detail}`);

const whole = {
  campaign: { source: 'newsletter', name: 'spring' },
  page: { path: '/demo', referrer: 'https://x.io/' },
  locale: 'de-AT',
  timezone: 'Europe/Vienna',
  library: { name: 'analytics.js', version: '4.1.0' },
  ip: '192.0.2.7',
  userAgent: 'Mozilla/5.0',
};

describe("The context of a call of Segment's clients", () => {
  it.each(segmentCalls)('is kept with the activity of %s, and nothing else of it', (call) => {
    const context = { ...whole, traits: { plan: 'pro' }, sessionId: 's', device: { id: 'd' }, active: true };
    expect(kept(context, {}, call)).toEqual(whole);
  });

  it.each([
    undefined,
    null,
    {},
    [],
    'text',
    { traits: { plan: 'pro' } },
    { campaign: {}, page: [], library: 'x', locale: 7, timezone: ' ', ip: null, userAgent: { a: 1 } },
    { campaign: JSON.parse('{"__proto__":1}') as unknown, page: { a: Infinity }, library: { 'a\0': 1 } },
    { page: Array.from({ length: 11 }).reduce<unknown>((within) => ({ within }), 1) },
  ])('is none where it holds nothing that is kept: %j', (context) => {
    expect(kept(context)).toBeUndefined();
  });

  it.each([
    [{ page: 'home' }, '/context/page must be an object, is text; it was left out'],
    [{ locale: 7, timezone: 'UTC' }, '/context/locale must be a text, is 7; it was left out'],
    [{ userAgent: ['x'] }, '/context/userAgent must be a text, is a list; it was left out'],
    [
      { page: { url: 'x'.repeat(9_000) } },
      '/context/page makes the context longer than the 8192 bytes that there are for it; it was left out',
    ],
  ])('says which part of it was left out, and why: %j', (context, why) => {
    expect(told(context)).toEqual([why]);
    // Also where it is the batch that says it, unless the call says something else.
    expect(told(undefined, { context })).toEqual([why]);
    expect(told(whole, { context })).toEqual([]);
  });

  it.each([undefined, whole, { page: {}, library: [], locale: ' ', ip: null, campaign: null }, { device: 7 }])(
    'says nothing of parts that are kept, empty or unknown: %j',
    (context) => {
      expect(told(context)).toEqual([]);
    },
  );

  it('is that of the batch where the call has no such part of its own', () => {
    const envelope = { context: { ...whole, sessionId: 's' } };
    expect(kept(undefined, envelope)).toEqual(whole);
    expect(kept({ locale: 'en', campaign: null, page: { path: '/own' } }, envelope)).toEqual({
      page: { path: '/own' },
      locale: 'en',
      timezone: whole.timezone,
      library: whole.library,
      ip: whole.ip,
      userAgent: whole.userAgent,
    });
  });

  it('is 8 KiB of JSON at most, of which what says less goes first', () => {
    const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
    const rest = { campaign: { source: 'é' }, userAgent: '' };
    const room = contextBytes - bytes(rest);
    const full = { ...rest, userAgent: 'é'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2) };
    expect({ contextBytes, bytes: bytes(full) }).toEqual({ contextBytes: 8_192, bytes: 8_192 });
    expect(kept(full)).toEqual(full);
    expect(kept({ ...full, userAgent: `${full.userAgent}x` })).toEqual({ campaign: rest.campaign });
    expect(kept({ ...full, ip: '::1' })).toEqual({ campaign: rest.campaign, ip: '::1' });
    const page = { url: 'x'.repeat(1_000_000) };
    expect(kept({ ...whole, page })).toEqual(kept({ ...whole, page: null }));
  });

  it('of a batch counts for each of its items, and is looked at once', async () => {
    await using app = await ingesting();
    const batch = Array.from({ length: 1_000 }, (_, n) => ({ type: 'track', ...item, messageId: `m${n}` }));
    const send = (bytes: number) =>
      app.post('/v1/batch', { batch, context: { campaign: { source: 'x' }, userAgent: 'x'.repeat(bytes) } });
    expect(await send(5_000)).toMatchObject({ statusCode: 413, body: { errors: [{ pointer: '/context' }] } });
    expect(await app.activities()).toEqual([]);
    // What is not kept is not taken over either, however large it is.
    expect(await send(1_000_000)).toMatchObject({ statusCode: 200, body: { accepted: 1_000 } });
    expect((await app.activities()).map(({ context }) => context)).toEqual(
      batch.map(() => ({ campaign: { source: 'x' } })),
    );
  });

  it('makes no other activity of one that comes again with another', async () => {
    await using app = await ingesting();
    const send = (locale: string) => app.post('/v1/track', { ...item, messageId: 'm', context: { locale } });
    expect((await send('de')).body).toMatchObject({ accepted: 1 });
    const { body } = await send('en');
    expect(body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(body.results[0]).not.toHaveProperty('conflict');
    expect((await app.activities()).map(({ context }) => context)).toEqual([{ locale: 'de' }]);
  });
});
