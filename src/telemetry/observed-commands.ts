import type { Handle, Outcome } from '../engine/handle.ts';
import type { Event } from '../domain/event.ts';
import { isActivity } from './counted-events.ts';
import type { Instruments } from './instruments.ts';
import { secondsSince } from './instruments.ts';
import type { Observing } from './traced-store.ts';
import { inSpan } from './tracing.ts';
import { streamOf } from '../domain/streams.ts';

/** What came of a command that threw, by the name of its error. */
const outcomes: Readonly<Record<string, string>> = {
  Rejection: 'rejected',
  StaleRevision: 'stale',
  CommandReused: 'reused',
  TooManyConflicts: 'conflict',
  StoreUnavailable: 'unavailable',
};

const outcomeOf = (error: unknown): string => (error instanceof Error && outcomes[error.name]) || 'failed';

const sourcesOf = (activities: readonly unknown[]): readonly string[] =>
  activities.map((activity) => {
    const source: unknown = typeof activity === 'object' && activity !== null && Reflect.get(activity, 'source');
    return typeof source === 'string' ? source : 'other';
  });

/** Counts the activities that a lead was given and had already. */
const countDuplicates = ({ duplicates }: Instruments, input: object, { events }: Outcome<Event>): void => {
  const given: unknown = Reflect.get(input, 'activities');
  if (!Array.isArray(given)) return;
  const recorded = events.filter(isActivity);
  if (recorded.length === given.length) return;
  const left = Map.groupBy(sourcesOf(given), (source) => source);
  const taken = Map.groupBy(sourcesOf(recorded.map(({ data }) => data)), (source) => source);
  for (const [source, all] of left) {
    const twice = all.length - (taken.get(source)?.length ?? 0);
    if (twice > 0) duplicates.add(twice, source);
  }
};

/** Runs commands as before, and tells their outcomes and how long they took; each is a span. */
export const observedCommands = (handle: Handle, { instruments, tracing }: Observing): Handle => {
  const { commands, commandDuration } = instruments;
  const counted: Handle = async (command, input, request) => {
    const began = performance.now();
    try {
      const outcome = await handle(command, input, request);
      commands.add(1, command.name, outcome.events.length > 0 ? 'accepted' : 'unchanged');
      if (command.name === 'RecordActivities' && typeof input === 'object' && input !== null)
        countDuplicates(instruments, input, outcome);
      return outcome;
    } catch (error) {
      commands.add(1, command.name, outcomeOf(error));
      throw error;
    } finally {
      commandDuration.observe(secondsSince(began), command.name);
    }
  };
  if (!tracing) return counted;
  return (command, input, request) => {
    const stream = streamOf(command.aggregate.name, command.id(input));
    // A command that nobody else's work asked for goes on with the trace that its request names, as a reactor's does.
    const parent = tracing.current() ? {} : { parent: request.traceparent };
    const attributes = { 'leadfold.stream': stream, 'leadfold.correlation': request.correlationId };
    // The facts carry this span: what follows from them, in whichever process, goes on with its trace.
    return inSpan(tracing, `command ${command.name}`, { ...parent, attributes }, (span) =>
      counted(command, input, { ...request, ...(span && { traceparent: span.traceparent }) }),
    );
  };
};
