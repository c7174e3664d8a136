import type { EventStore, NewEvent } from '../eventstore/event-store.ts';
import { count, isActivity } from './counted-events.ts';
import type { Instruments } from './instruments.ts';
import { secondsSince } from './instruments.ts';
import type { Span, Tracing } from './tracing.ts';
import { inSpan } from './tracing.ts';

/** Where what happens is told. */
export type Observing = { readonly instruments: Instruments; readonly tracing?: Tracing | undefined };

const isConflict = (error: unknown): boolean => error instanceof Error && error.name === 'RevisionConflict';

/** The kind of a stream, such as `lead`: what is before the first dash of its name. */
const aggregateOf = (stream: string): string => /^[a-z]{1,20}(?=-)/.exec(stream)?.[0] ?? 'other';

/** Counts facts that are in the log now. */
const countFacts = (instruments: Instruments, events: readonly NewEvent[]): void => {
  let [commands, last] = [0, ''];
  for (const event of events) {
    count(instruments, event);
    const { commandId } = event.metadata;
    // The facts of a command lie together.
    if (commandId === last || !isActivity(event)) continue;
    last = commandId;
    commands += 1;
  }
  if (commands > 0) instruments.leadsProcessed.add(commands);
};

/** The spans of the commands that share an append, but for the one that it is a part of. */
const othersOf = (events: readonly NewEvent[], current: Span | undefined): readonly string[] => {
  const all = new Set(events.flatMap(({ metadata: { traceparent } }) => traceparent ?? []));
  return [...all].filter((traceparent) => traceparent !== current?.traceparent);
};

/**
 * A store that tells what it does: facts by type, conflicts, errors, how long appends take, and a span for each append. `onError` is
 * told why something failed.
 */
export const tracedStore = (
  store: EventStore,
  { instruments, tracing }: Observing,
  onError: (error: unknown) => void = () => undefined,
): EventStore => {
  const { appendDuration, appendConflicts, storeErrors } = instruments;
  const failed = (operation: string, error: unknown): void => {
    storeErrors.add(1, 'events', operation);
    onError(error);
  };
  const telling = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      failed(operation, error);
      throw error;
    }
  };
  const append: EventStore['append'] = async (stream, expected, events) => {
    const began = performance.now();
    try {
      const appended = await store.append(stream, expected, events);
      appendDuration.observe(secondsSince(began));
      countFacts(instruments, events);
      return appended;
    } catch (error) {
      if (isConflict(error)) appendConflicts.add(1, aggregateOf(stream));
      else failed('append', error);
      throw error;
    }
  };
  const traced: EventStore['append'] = (stream, expected, events) => {
    const attributes = { 'leadfold.stream': stream, 'leadfold.events': events.map(({ type }) => type) };
    const links = othersOf(events, tracing?.current());
    return inSpan(tracing, `append ${aggregateOf(stream)}`, { attributes, links }, () =>
      append(stream, expected, events),
    );
  };
  return {
    read: (stream, after, limit) => telling('read', () => store.read(stream, after, limit)),
    at: (stream, revision) => telling('read', () => store.at(stream, revision)),
    append: tracing ? traced : append,
    async *follow(from, signal, filter) {
      try {
        yield* store.follow(from, signal, filter);
      } catch (error) {
        failed('follow', error);
        throw error;
      }
    },
    scan: (from, filter, limits) => telling('read', () => store.scan(from, filter, limits)),
    truncate: (stream, before) => telling('truncate', () => store.truncate(stream, before)),
    head: () => telling('head', () => store.head()),
    state: () => telling('state', () => store.state()),
    close: () => store.close(),
  };
};
