import type { Batch, Place, Recorded } from '../event-store.ts';
import { ownStreams } from '../../domain/streams.ts';
import type { Sought } from './pulling.ts';
import { keptBytes, pageLimits } from '../page.ts';
import type { Connection } from './client.ts';
import type { Stretch } from './stretches.ts';
import { readingFrom } from './stretches.ts';

/** The log before its tail, in stretches that are read and decoded once for all who want the same streams. */
export type Past = {
  /** What comes after a position, at least one event further; at the same position where nothing more is to be had for now. */
  readonly after: (position: number) => Promise<Batch>;
};

/** Gives the past that has what is sought, until it is left. */
export type Pasts = {
  readonly enter: (sought: Sought) => { readonly past: Past; readonly leave: () => void };
  /** Says that what is sought may be asked for, so that whoever begins to read reads it as well. */
  readonly expect: (sought: Sought) => void;
};

/** How many subscriptions stand by for whoever comes to where they are: more readers are seldom as many stretches apart. */
const STANDING = 4;

type Reading = ReturnType<typeof readingFrom>;

function startPast(connection: Connection, sought: Sought) {
  const over = new AbortController();
  /** By where they begin, those that were asked for last at the end. */
  const kept = new Map<number, Stretch>();
  const underway = new Map<number, Promise<Stretch>>();
  /** By how far they are. */
  const standing = new Map<number, Reading>();
  let [bytes, readers] = [0, 0];

  const forget = (stretch: Stretch): void => {
    if (kept.delete(stretch.from)) bytes -= stretch.bytes;
  };
  const keep = (stretch: Stretch): void => {
    forget(stretch);
    kept.set(stretch.from, stretch);
    bytes += stretch.bytes;
    for (const oldest of kept.values()) if (bytes > keptBytes && oldest !== stretch) forget(oldest);
  };

  const standBy = (reading: Reading, position: number): void => {
    standing.get(position)?.end();
    standing.set(position, reading);
    const [[first, longest] = []] = standing;
    if (standing.size <= STANDING || first === undefined) return;
    standing.delete(first);
    longest?.end();
  };

  const read = async (from: number): Promise<Stretch> => {
    const reading = standing.get(from) ?? readingFrom(connection, from, sought, over.signal);
    standing.delete(from);
    try {
      const stretch = await reading.next(from);
      if (over.signal.aborted) reading.end();
      else standBy(reading, stretch.position);
      if (stretch.position > from) keep(stretch);
      return stretch;
    } catch (error) {
      reading.end();
      throw error;
    } finally {
      underway.delete(from);
    }
  };

  /** The stretch that was read with what comes after a position. */
  const known = (position: number): Stretch | undefined => {
    const begins = kept.get(position);
    if (begins) return begins;
    for (const stretch of kept.values()) if (stretch.from < position && position < stretch.position) return stretch;
    return undefined;
  };

  /** As many stretches that were read as are a page. */
  const page = (from: number): Batch | undefined => {
    const events: Recorded[] = [];
    let [position, size]: [number, number] = [from, 0];
    let last: Place | undefined;
    for (let next = known(from); next; next = kept.get(position)) {
      size += next.bytes;
      const isFull = size > pageLimits.bytes || events.length + next.events.length > pageLimits.events;
      if (position > from && isFull) break;
      keep(next);
      events.push(...next.events);
      ({ position, last = last } = next);
    }
    return position > from ? { events, position, ...(last && { last }) } : undefined;
  };

  const reading = (from: number): Promise<Stretch> => {
    const shared = underway.get(from) ?? read(from);
    underway.set(from, shared);
    return shared;
  };

  const leave = (): void => {
    readers -= 1;
    if (readers > 0) return;
    over.abort();
    for (const each of standing.values()) each.end();
  };
  const enter = () => {
    readers += 1;
    return { past: { after: async (from: number) => page(from) ?? reading(from) }, leave };
  };
  return { enter, over: over.signal };
}

const isWithin = (some: readonly string[], all: readonly string[]): boolean => some.every((each) => all.includes(each));

const covers = (one: Sought, other: Sought): boolean =>
  isWithin(other.streams, one.streams) &&
  (!one.types || (other.types !== undefined && isWithin(other.types, one.types)));

/**
 * The pasts that all who follow over a connection share. Who wants all of some kinds of our streams reads with those who want others,
 * and who wants some types with those who want other types: there are many of them, and little that is not for one of them. Who wants
 * the streams of one project reads by itself. A past that was left by all is followed by another.
 */
export function pastsOf(connection: Connection): Pasts {
  const current = new Set<{ readonly sought: Sought } & ReturnType<typeof startPast>>();
  const types = new Set<string>();
  const isOurs = ({ streams }: Sought): boolean => isWithin(streams, ownStreams);

  const begin = (sought: Sought) => {
    const wide = isOurs(sought)
      ? { streams: ownStreams, ...(sought.types && { types: [...types] }) }
      : { streams: sought.streams };
    const past = { sought: wide, ...startPast(connection, wide) };
    current.add(past);
    past.over.addEventListener('abort', () => current.delete(past));
    return past;
  };
  const expect = (sought: Sought): void => {
    if (isOurs(sought)) for (const type of sought.types ?? []) types.add(type);
  };
  return {
    expect,
    enter: (sought) => {
      expect(sought);
      const there = [...current].find((past) => covers(past.sought, sought));
      return (there ?? begin(sought)).enter();
    },
  };
}
