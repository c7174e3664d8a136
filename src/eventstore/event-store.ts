import type { Event } from '../domain/event.ts';

/**
 * Where a fact came from. `version` is the version of the event's shape, stamped when it is appended. `recordedAt` (ISO 8601)
 * is there when the fact was recorded in another store before it was moved to this one. `fingerprint` tells what was asked
 * under a command id that a caller chose.
 */
export type Metadata = {
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor?: string;
  readonly traceparent?: string;
  readonly version?: number;
  readonly recordedAt?: string;
  readonly fingerprint?: string;
};

/** A fact on its way into a stream. `id` is a UUID. */
export type NewEvent<E extends Event = Event> = E & { readonly id: string; readonly metadata: Metadata };

/** A fact with where and when it was recorded. Revisions count from 0 in a stream, positions grow strictly in the log. */
export type Recorded<E extends Event = Event> = E & {
  readonly id: string;
  readonly metadata: Metadata;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly recordedAt: Date;
};

/** Where an append ended: the revision and the position of its last event. */
export type Appended = { readonly revision: number; readonly position: number };

/** Which fact is where. */
export type Place = Pick<Recorded, 'id' | 'stream' | 'revision' | 'position'>;

/** Events of a stream in order. `more` says whether others come after them. */
export type StreamPage = { readonly events: readonly Recorded[]; readonly more: boolean };

/**
 * A stretch of the log in order. `position` is how far the reader now is, also when the events in between were filtered out.
 * `last` is the last fact up to there, whether or not the filter wants it, where the store has seen one. `end` is where the log
 * ended when the batch was made, where the store knows that without asking for it.
 */
export type Batch = {
  readonly events: readonly Recorded[];
  readonly position: number;
  readonly last?: Place;
  readonly end?: number;
};

/** How much is taken of the log by one look: so many events at most, out of so many that are looked at. */
export type ScanLimits = { readonly events: number; readonly among: number };

/** What one look at the log found, and whether nothing came after that. */
export type Scanned = Omit<Batch, 'end'> & { readonly atEnd: boolean };

/** The place of a fact, and nothing else of it. */
export const placeOfFact = ({ id, stream, revision, position }: Place): Place => ({ id, stream, revision, position });

/**
 * What of the log is followed: events in streams whose name begins with one of `streams`, and of one of `types`. Of what is
 * not named there is no limit.
 */
export type Filter = { readonly streams?: readonly string[]; readonly types?: readonly string[] };

/** Tells whether a filter wants a fact. */
export const wanting = ({ streams, types }: Filter): ((fact: Pick<Recorded, 'stream' | 'type'>) => boolean) => {
  const known = types && new Set(types);
  return ({ stream, type }) =>
    (known?.has(type) ?? true) && (streams?.some((prefix) => stream.startsWith(prefix)) ?? true);
};

/**
 * How a store is: `up` when facts can be read and appended; else why the last append failed, as long as that would still be so.
 * `failing` is what has no name of its own.
 */
export type StoreState = 'up' | 'disk-full' | 'read-only' | 'damaged' | 'failing';

/** Streams of facts. Every method throws `StoreUnavailable` when the store can't be reached in time. */
export interface EventStore {
  /**
   * The next events of a stream with a revision above `after` (default -1), in order: `limit` of them at most, and never more
   * than a page has (`pageLimits`), so that nobody takes in a stream that is larger than memory. None if there are none.
   */
  read(stream: string, after?: number, limit?: number): Promise<StreamPage>;
  /** Which fact has a revision of a stream, and where it is in the log; none when there is none. Its data is not looked at. */
  at(stream: string, revision: number): Promise<Place | undefined>;
  /** Appends all events or none, durably. `expected` is the stream's revision, -1 when empty; else throws `RevisionConflict`. */
  append(stream: string, expected: number, events: readonly NewEvent[]): Promise<Appended>;
  /**
   * Takes the events of a stream with a revision below `before` out of it, durably. Those that are left keep their revisions and
   * positions. The last event stays, as it tells how far the stream is: throws `RangeError` for more. Who follows may still be
   * handed what was taken out, on a server until it removes it from its disk.
   */
  truncate(stream: string, before: number): Promise<void>;
  /** All events with a position above `from`, in order, then live, until the signal aborts (the iteration then just ends). */
  follow(from: number, signal: AbortSignal, filter?: Filter): AsyncIterable<Batch>;
  /**
   * What a filter wants of the events with a position above `from`, in order, without waiting for more: no more than the limits
   * and a page have (`pageLimits`). It looks on where the answer's `position` is.
   */
  scan(from: number, filter: Filter, limits: ScanLimits): Promise<Scanned>;
  /** The position of the last event of the log; 0 when empty. */
  head(): Promise<number>;
  /** Whether it works now. While appends failed it is tried whether one would work again. */
  state(): Promise<StoreState>;
  close(): Promise<void>;
}

/** Throws `RangeError` when a stream whose last event has a revision, -1 for none, would be truncated beyond that. */
export const mayTruncate = (stream: string, before: number, last: number): void => {
  if (Number.isSafeInteger(before) && before >= 0 && before <= last) return;
  throw new RangeError(`${stream} can't begin at revision ${before}: its last event is at ${last}, and that one stays`);
};

/** Somebody else appended first. Nothing was written. */
export class RevisionConflict extends Error {
  readonly stream: string;
  readonly expected: number;
  constructor(stream: string, expected: number) {
    super(`Stream ${stream} is not at revision ${expected}`);
    this.name = 'RevisionConflict';
    this.stream = stream;
    this.expected = expected;
  }
}

/** The store can't be reached or can't take more now. Whether an append was written is unknown; the same command may be sent again. */
export class StoreUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailable';
  }
}
