import type { Engine } from '../flows/engine.ts';
import { unrepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import { parkWork } from '../commands/jobs/park-work.ts';
import type { ParkedEvent } from '../domain/jobs/dead-letter.ts';
import type { LeadfoldEvent } from '../domain/events.ts';
import { projectOfStream } from '../domain/streams.ts';
import type { Batch, Recorded } from '../eventstore/event-store.ts';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';

/** Something that a reactor wants done: one command, or a flow of several whose ids are all made from the request's. */
export type Intent = (engine: Engine, request: Request) => Promise<unknown>;

/**
 * What a reactor may look at before it knows what it wants. `reached` resolves when the read models, or `only` those of some
 * projections, are at a position; `head` is the position of the last fact. `othersLag`: how long other processes may go on with what was true before, in ms.
 */
export type ReactorContext = {
  readonly engine: Engine;
  readonly readModels: Checkpoints;
  readonly clock: () => Date;
  readonly othersLag: number;
  /** Waits so many ms; rejects when the process stops meanwhile. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  readonly head: () => Promise<number>;
  readonly reached: (position: number, only?: readonly string[]) => Promise<void>;
};

/** What follows from a fact. The same fact again must lead to the same intents, or to ones that then change nothing. */
export type Reactor = {
  readonly name: string;
  /** The facts that it follows: of these types, in streams with these beginnings of their names. */
  readonly streams: readonly string[];
  readonly types: readonly LeadfoldEvent['type'][];
  readonly react: (event: Recorded<LeadfoldEvent>, context: ReactorContext) => Promise<readonly Intent[]>;
};

/** The name of a reactor's checkpoint. */
export const checkpointOf = ({ name }: Reactor): string => `reactor:${name}`;

// Method syntax, so that a reactor to Leadfold's facts takes what the log gives: the store has checked their shapes.
type Reacting = { react(event: Recorded, context: ReactorContext): Promise<readonly Intent[]> };

/**
 * Does what follows from one fact. The ids of its commands are made from the fact, so a fact that comes again repeats the
 * same commands and nothing happens twice.
 */
export const follow = async (reactor: Reactor, event: Recorded, context: ReactorContext): Promise<void> => {
  const reacting: Reacting = reactor;
  const intents = await reacting.react(event, context);
  for (const [index, intent] of intents.entries()) {
    const { correlationId, traceparent } = event.metadata;
    await intent(context.engine, {
      commandId: `${event.id}/${reactor.name}/${index}`,
      correlationId,
      causationId: event.id,
      actor: `reactor:${reactor.name}`,
      ...(traceparent && { traceparent }),
    });
  }
};

/** After so many failures in a row what follows from a fact is parked. */
const tries = 5;

/** Nothing is wrong with the fact: a store is away, others were quicker, or the process stops. Then the batch comes again. */
export const passes = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  error instanceof ReadModelsUnavailable ||
  error instanceof TooManyConflicts ||
  (error instanceof Error && error.name === 'AbortError');

/** What failed with a fact, and how often, as it is parked. */
export type Failure = { readonly error: unknown; readonly attempts: number; readonly firstFailedAt: string };

/** Wants what follows from a fact put aside, visibly, so that it can be tried again. */
export const parking =
  (reactor: string, event: ParkedEvent, { error, attempts, firstFailedAt }: Failure): Intent =>
  async ({ handle }, request) => {
    const { id, type, stream, revision, position } = event;
    const message = error instanceof Error ? error.message : String(error);
    const parked = { projectId: projectOfStream(stream), reactor, event: { id, type, stream, revision, position } };
    await handle(parkWork, { ...parked, error: message, attempts, firstFailedAt }, request);
  };

const followOrPark = async (reactor: Reactor, event: Recorded, context: ReactorContext): Promise<void> => {
  let firstFailedAt = '';
  for (let attempts = 1; ; attempts++) {
    try {
      return await follow(reactor, event, context);
    } catch (error) {
      if (passes(error)) throw error;
      if (attempts === 1) firstFailedAt = context.clock().toISOString();
      if (attempts < tries) await context.sleep(100 * 2 ** (attempts - 1));
      else {
        const { id, metadata } = event;
        return void (await parking(reactor.name, event, { error, attempts, firstFailedAt })(context.engine, {
          commandId: unrepeatable(`${id}/${reactor.name}/park`),
          correlationId: metadata.correlationId,
          causationId: id,
          actor: `reactor:${reactor.name}`,
        }));
      }
    }
  }
};

/** How many streams are followed at once: what they append meanwhile shares commits. */
const lanes = 16;

/**
 * Runs a reactor over a batch: the facts of a stream one after the other, those of several streams at once. What follows from a
 * fact and fails time and again is parked, and the reactor goes on. Rejects when a store is away; then the batch comes again.
 */
export const react =
  (reactor: Reactor, context: ReactorContext) =>
  async ({ events, position, last }: Batch): Promise<void> => {
    const streams = [...Map.groupBy(events, ({ stream }) => stream).values()].values();
    const follow = async (): Promise<void> => {
      for (const facts of streams) {
        for (const event of facts) {
          await context.engine.yieldToOthers(projectOfStream(event.stream));
          await followOrPark(reactor, event, context);
        }
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: lanes }, follow));
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
    await context.readModels.saveCheckpoint(checkpointOf(reactor), position, last);
  };
