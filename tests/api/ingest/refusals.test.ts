import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { refusalLog, silence } from '../../../src/api/ingest/refusals.ts';
import { openInstruments } from '../../../src/telemetry/instruments.ts';
import { boot, newProject } from '../support.ts';

afterEach(() => void vi.useRealTimers());

/** A log of refusals in a time that goes on only when it is told to, and its lines. */
const logging = () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const lines: object[] = [];
  return { lines, log: refusalLog({ warn: (what) => void lines.push(what) }) };
};

describe('The log of refusals', () => {
  it('has a line at once, and then one a minute for each reason with the count of all', () => {
    const { lines, log } = logging();
    for (const way of ['segment', 'segment', 'rest']) log.add(way, 'userId', 2, 'p1');
    log.add('rest', 'nobody', 1, 'p2');
    const first = { reason: 'userId', count: 2, ways: { segment: 2 }, project: 'p1' };
    expect(lines.splice(0)).toEqual([first, { reason: 'nobody', count: 1, ways: { rest: 1 }, project: 'p2' }]);
    vi.advanceTimersByTime(silence - 1);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(lines.splice(0)).toEqual([{ reason: 'userId', count: 4, ways: { segment: 2, rest: 2 }, project: 'p1' }]);
    log.add('rest', 'nobody', 1, undefined);
    log.add('rest', 'userId', 1, 'p1');
    expect(lines.splice(0)).toEqual([{ reason: 'nobody', count: 1, ways: { rest: 1 } }]);
    vi.advanceTimersByTime(silence);
    expect(lines).toEqual([{ reason: 'userId', count: 1, ways: { rest: 1 }, project: 'p1' }]);
  });

  it('is silent, and keeps nothing, when there is no more', () => {
    const { lines, log } = logging();
    log.add('rest', 'userId', 1, 'p1');
    vi.advanceTimersByTime(10 * silence);
    expect({ linesCount: lines.length, viGetTimerCount: vi.getTimerCount() }).toEqual({
      linesCount: 1,
      viGetTimerCount: 0,
    });
  });

  it('has the rest when it closes', () => {
    const { lines, log } = logging();
    for (let n = 0; n < 3; n++) log.add('rest', 'userId', 1, 'p1');
    log.close();
    expect(lines).toMatchObject([{ count: 1 }, { count: 2 }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells so many reasons apart, however many there are', () => {
    const { lines, log } = logging();
    for (let n = 0; n < 1_000; n++) log.add('rest', `r${n}`, 1, undefined);
    log.close();
    expect(lines).toHaveLength(202);
    expect(lines.at(-1)).toMatchObject({ reason: 'other', count: 799 });
  });
});

/** The real app, what it counted of refusals, and what it logged at `warn`. */
const watched = async () => {
  const lines: ReturnType<typeof JSON.parse>[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const instruments = openInstruments();
  const watch = { instruments, metrics: { text: async () => '' } };
  const booted = await boot(undefined, { logLevel: pino({ level: 'warn' }, stream), telemetry: watch });
  const { apiKey } = await newProject(booted);
  const post = (url: string, payload: unknown, headers: Readonly<Record<string, string>> = {}) =>
    booted.app.inject({
      method: 'POST',
      url,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json', ...headers },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    });
  const counted = (): Readonly<Record<string, number>> => {
    const { series } = instruments.refusals.family();
    return Object.fromEntries(series.map(({ labels, value }) => [labels.join(' '), value]));
  };
  return { ...booted, post, lines, counted };
};

describe('What is refused', () => {
  it('is counted by the way in and by what is wrong, items and whole requests', async () => {
    await using app = await watched();
    const event = { specversion: '1.0', id: 'e', source: '/crm', type: 'x' };
    await app.post('/api/events/ingest', { event: 'x' });
    await app.post('/api/events', { userId: 'null', event: 'x' });
    await app.post('/api/events/batch', { events: [{ event: 'x' }, { userId: 'u' }, { userId: 'v' }, 7] });
    await app.post('/v1/batch', { batch: [{ type: 'x' }, { type: 'track', event: 'X', userId: 'undefined' }] });
    await app.post('/v1/track', { event: 'X', userId: 'u', timestamp: '' });
    await app.post('/api/events', { ...event, userid: 'null' }, { 'content-type': 'application/cloudevents+json' });
    await app.post('/api/events', [{ ...event, id: '' }], { 'content-type': 'application/cloudevents-batch+json' });
    await app.post('/api/events', '{', { 'ce-id': 'e' });
    await app.post('/v1/track', '{');
    await app.post('/v1/batch', {});
    await app.post('/api/events/batch', {}, { 'x-api-key': 'unknown' });
    await app.post('/api/events/ingest', 'x', { 'content-type': 'text/csv' });
    expect(app.counted()).toEqual({
      'rest nobody': 1,
      'rest userId': 1,
      'rest unsupported-type': 1,
      'batch nobody': 1,
      'batch eventType': 2,
      'batch unreadable': 1,
      'batch unauthorized': 1,
      'segment type': 1,
      'segment userId': 1,
      'segment invalid-json': 1,
      'segment invalid-request': 1,
      'cloudevents userid': 1,
      'cloudevents id': 1,
      'cloudevents invalid-json': 1,
    });
  });

  it('is logged with a count and nothing of what was sent, and answered as it is without that', async () => {
    await using app = await watched();
    const bad = { type: 'track', event: 'X', userId: 'undefined', anonymousId: 'Ada Byron' };
    const items = [bad, { ...bad, anonymousId: 'none' }, { ...bad, anonymousId: {} }];
    const answer = await app.post('/v1/batch', { batch: items });
    expect(answer.json()).toMatchObject({ success: true, accepted: 1, rejected: 2 });
    await app.post('/v1/batch', { batch: items });
    expect(app.lines).toEqual([
      expect.objectContaining({ level: 40, msg: 'refused', reason: 'userId', count: 2, ways: { segment: 2 } }),
    ]);
    expect(JSON.stringify(app.lines)).not.toMatch(/undefined|none|Ada/);
    await app.app.close();
    expect(app.lines.slice(1)).toMatchObject([{ reason: 'userId', count: 2 }]);
  });
});
