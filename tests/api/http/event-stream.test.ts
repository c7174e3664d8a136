import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { commentOf, eventOf, eventStreams } from '../../../src/api/http/event-stream.ts';
import { placesOf } from '../../../src/api/http/places.ts';

const kib = (count: number): string => 'x'.repeat(count * 1_024);
const room = { ofReader: 512 * 1_024, ofAll: 1_024 * 1_024 };

afterEach(() => void vi.useRealTimers());

/** All that a reader still gets. */
const rest = async (body: NodeJS.ReadableStream): Promise<string> => {
  let text = '';
  for await (const part of body) text += part.toString();
  return text;
};

describe('A stream of events', () => {
  it('has events of three lines, and comments that may say where to go on', () => {
    expect(eventOf('c1', 'lead.closed', '{"a":1}')).toBe('id: c1\nevent: lead.closed\ndata: {"a":1}\n\n');
    expect(commentOf('here')).toBe(': here\n\n');
    expect(commentOf('here', 'c2')).toBe(': here\nid: c2\n\n');
  });

  it('ends for a reader for whom too much waits, who is told so after all that was sent before', async () => {
    const { body, send, isOver } = eventStreams(room).begin(() => undefined);
    for (let n = 0; n < 5; n += 1) send(kib(100));
    expect(isOver()).toBe(false);
    send(kib(100));
    send('more');
    expect(isOver()).toBe(true);
    const text = await rest(body);
    expect(text.startsWith(kib(500))).toBe(true);
    expect(text.slice(500 * 1_024)).toMatch(/^: [^\n]*Last-Event-ID[^\n]*\n\n$/);
  });

  it('sends one text that is larger, when nothing else waits', () => {
    const { send, isOver } = eventStreams(room).begin(() => undefined);
    send(kib(900));
    expect(isOver()).toBe(false);
    send('x');
    expect(isOver()).toBe(true);
  });

  it('ends for slow readers when too much waits for all of them, and not for the others', () => {
    const { begin } = eventStreams(room);
    const slow = [1, 2, 3].map(() => begin(() => undefined));
    const quick = begin(() => undefined);
    for (let n = 0; n < 4; n += 1) for (const { send } of slow) send(kib(100));
    expect(slow.map(({ isOver }) => isOver())).toContain(true);
    quick.send(kib(10));
    expect(quick.isOver()).toBe(false);
  });

  it('tells when nearly all was taken', async () => {
    const { body, send, taken } = eventStreams(room).begin(() => undefined);
    send(kib(300));
    let isTaken = false;
    const waiting = taken().then(() => (isTaken = true));
    await Promise.resolve();
    expect(isTaken).toBe(false);
    body.resume();
    await waiting;
    const gone = eventStreams(room).begin(() => undefined);
    gone.send(kib(300));
    const left = gone.taken();
    gone.body.destroy();
    await left;
  });

  it('is cut off when it was ended and is not read on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const streams = eventStreams(room);
    const cut: string[] = [];
    const [stuck, read] = [streams.begin(() => cut.push('stuck')), streams.begin(() => cut.push('read'))];
    stuck.send(kib(300));
    streams.endAll('the process stops');
    read.body.resume();
    await once(read.body, 'close');
    vi.advanceTimersByTime(30_000);
    expect([cut, streams.count()]).toEqual([['stuck'], 1]);
  });
});

describe('Places', () => {
  it('are so many of a project and of all, and are given back', () => {
    const enter = placesOf('streams are open', { ofProject: 2, ofAll: 3 });
    const leave = enter('one');
    enter('one');
    expect(() => enter('one')).toThrow('2 streams are open of the project');
    enter('two');
    expect(() => enter('three')).toThrow('3 streams are open of this process');
    leave();
    enter('three');
    expect(() => enter('one')).toThrow('of this process');
  });
});
