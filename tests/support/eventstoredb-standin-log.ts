import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** An event on its way into the log. `data` and `metadata` are base64. */
export type Proposed = {
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: string;
  readonly metadata: string;
};

/** An event in the log. It begins at `position` and the next one begins at `end`; `created` is in ms. */
export type Entry = Proposed & {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly end: number;
  readonly created: number;
};

export type Expected = number | 'any' | 'no-stream' | 'exists';

/** Where an append ended, with no position when its events were there already, or the revision that was not expected. */
export type Outcome =
  { readonly revision: number; readonly position: number | undefined } | { readonly current: number };

/** A place in the log as readers name it: an event's is its position twice, a page's begin has 0 in the second place. */
export type Place = { readonly commit: number; readonly prepare: number };

export type Log = {
  readonly all: readonly Entry[];
  /** Whether a scavenge took it out: nobody is sent it any more. */
  readonly isGone: (entry: Entry) => boolean;
  /** As it is read: without what was truncated. */
  readonly stream: (name: string) => readonly Entry[];
  /** Whether anything was ever appended to it. */
  readonly has: (name: string) => boolean;
  readonly append: (stream: string, expected: Expected, events: readonly Proposed[]) => Outcome;
  /** The index of the first event after a place; an error where no event begins or ends there. */
  readonly after: (place: Place) => number;
  /** Calls back after each append until the returned function is called. */
  readonly watch: (grown: () => void) => () => void;
  /** Takes what was truncated out of the log, which goes on in its next chunk. */
  readonly scavenge: () => void;
};

/** Bytes that an event takes besides its data and metadata. */
const OVERHEAD = 97;

/** How large the real one's files are, in bytes: after a scavenge it begins a new one. */
const CHUNK = 256 * 1024 * 1024;

const isAfter = ({ position }: Entry, { commit, prepare }: Place): boolean =>
  position > commit || (position === commit && position > prepare);

const meets = (expected: Expected, current: number): boolean => {
  if (expected === 'any') return true;
  if (expected === 'exists') return current >= 0;
  return current === (expected === 'no-stream' ? -1 : expected);
};

const firstIndex = (entries: readonly Entry[], holds: (entry: Entry) => boolean): number => {
  let [begin, end] = [0, entries.length];
  while (begin < end) {
    const middle = (begin + end) >> 1;
    const entry = entries[middle];
    if (entry && holds(entry)) end = middle;
    else begin = middle + 1;
  }
  return begin;
};

/** A log in memory, with what the file has when one is given; there it also keeps what is appended, a line an append. */
export const openLog = (file?: string, clock: () => Date = () => new Date()): Log => {
  const all: Entry[] = [];
  const streams = new Map<string, Entry[]>();
  const watchers = new Set<() => void>();
  const begins = new Map<string, number>();
  let next = 0;
  const gone = new Set<Entry>();

  const revisionOf = (stream: string): number => (streams.get(stream)?.length ?? 0) - 1;
  const begin = (stream: string): number => begins.get(stream) ?? 0;

  const keep = (entry: Entry): void => {
    all.push(entry);
    next = entry.end;
    // The metadata of a stream is in one of its own, and the last event of that counts.
    if (entry.type === '$metadata' && entry.stream.startsWith('$$'))
      begins.set(entry.stream.slice(2), Number((JSON.parse(atob(entry.data)) as { $tb?: number }).$tb ?? 0));
    const stream = streams.get(entry.stream) ?? [];
    stream.push(entry);
    streams.set(entry.stream, stream);
  };

  const placed = (stream: string, events: readonly Proposed[]): readonly Entry[] => {
    const created = clock().getTime();
    let [revision, end] = [revisionOf(stream), next];
    return events.map((event) => {
      const position = end;
      end += OVERHEAD + Math.ceil(((event.data.length + event.metadata.length) * 3) / 4);
      return { ...event, stream, revision: (revision += 1), position, end, created };
    });
  };

  const thereAlready = (stream: string, expected: Expected, events: readonly Proposed[]): boolean => {
    const first = expected === 'no-stream' ? 0 : typeof expected === 'number' ? expected + 1 : -1;
    const there = first < 0 ? [] : (streams.get(stream) ?? []).slice(first, first + events.length);
    return there.length === events.length && there.every(({ id }, index) => id === events[index]?.id);
  };

  const append = (stream: string, expected: Expected, events: readonly Proposed[]): Outcome => {
    const current = revisionOf(stream);
    if (!meets(expected, current)) {
      if (!thereAlready(stream, expected, events)) return { current };
      const before = typeof expected === 'number' ? expected : -1;
      return { revision: before + events.length, position: undefined };
    }
    const entries = placed(stream, events);
    if (file !== undefined) appendFileSync(file, `${JSON.stringify(entries)}\n`);
    entries.forEach(keep);
    for (const grown of [...watchers]) grown();
    return { revision: current + events.length, position: entries.at(-1)?.position };
  };

  const after = (place: Place): number => {
    const index = firstIndex(all, (entry) => isAfter(entry, place));
    const borders = [0, all[index]?.position, all[index - 1]?.position, all[index - 1]?.end];
    if (!borders.includes(place.commit)) throw new RangeError(`No event begins or ends at ${place.commit}`);
    return index;
  };

  // The last event of a stream stays, as it tells how far the stream is.
  const scavenge = (): void => {
    for (const [stream, entries] of streams)
      for (const entry of entries.slice(0, -1)) if (entry.revision < begin(stream)) gone.add(entry);
    next = Math.ceil((next + 1) / CHUNK) * CHUNK;
  };

  // The real one begins with events of its own; nothing of ours is at position 0.
  if (file === undefined || !existsSync(file)) {
    append('$users', 'any', [{ id: crypto.randomUUID(), type: '$User', json: true, data: btoa('{}'), metadata: '' }]);
  } else {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    for (const line of lines) (JSON.parse(line) as Entry[]).forEach(keep);
  }
  return {
    all,
    isGone: (entry) => gone.has(entry),
    stream: (name) => {
      const entries = streams.get(name) ?? [];
      return begin(name) === 0 ? entries : entries.slice(begin(name));
    },
    has: (name) => streams.has(name),
    scavenge,
    append,
    after,
    watch: (grown) => {
      watchers.add(grown);
      return () => void watchers.delete(grown);
    },
  };
};
