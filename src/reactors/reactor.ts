import type { Engine } from '../commands/merge.ts';
import type { Request } from '../commands/handle.ts';
import type { LeadfoldEvent } from '../domain/events.ts';
import type { Batch, Recorded } from '../eventstore/event-store.ts';
import type { ReadModels } from '../readmodels/read-models.ts';

/** Something that a reactor wants done: one command, or a flow of several whose ids are all made from the request's. */
export type Intent = (engine: Engine, request: Request) => Promise<unknown>;

/**
 * What a reactor may look at before it knows what it wants. `reached` resolves when the read models are at a position, `head`
 * is the position of the last fact. `othersLag`: how long other processes may go on with what was true before, in ms.
 */
export type Sight = {
  readonly engine: Engine;
  readonly readModels: ReadModels;
  readonly clock: () => Date;
  readonly othersLag: number;
  /** Waits so many ms; rejects when the process stops meanwhile. */
  readonly pause: (milliseconds: number) => Promise<unknown>;
  readonly head: () => Promise<number>;
  readonly reached: (position: number) => Promise<void>;
};

/** What follows from a fact. The same fact again must lead to the same intents, or to ones that then change nothing. */
export type Reactor = {
  readonly name: string;
  /** The facts that it follows: of these types, in streams with these beginnings of their names. */
  readonly streams: readonly string[];
  readonly types: readonly LeadfoldEvent['type'][];
  readonly react: (event: Recorded<LeadfoldEvent>, sight: Sight) => Promise<readonly Intent[]>;
};

/** The name of a reactor's checkpoint. */
export const checkpointOf = ({ name }: Reactor): string => `reactor:${name}`;

// Method syntax, so that a reactor to Leadfold's facts takes what the log gives: the store has checked their shapes.
type Reacting = { react(event: Recorded, sight: Sight): Promise<readonly Intent[]> };

/**
 * Runs a reactor over a batch. The ids of its commands are made from the fact, so a fact that comes again repeats the same
 * commands and nothing happens twice. Rejects when something could not be done; then the batch comes again.
 */
export const react = (reactor: Reactor, sight: Sight) => {
  const reacting: Reacting = reactor;
  return async ({ events, position }: Batch): Promise<void> => {
    for (const event of events) {
      const intents = await reacting.react(event, sight);
      for (const [index, intent] of intents.entries()) {
        const { correlationId, traceparent } = event.metadata;
        await intent(sight.engine, {
          commandId: `${event.id}/${reactor.name}/${index}`,
          ...{ correlationId, causationId: event.id, actor: `reactor:${reactor.name}` },
          ...(traceparent && { traceparent }),
        });
      }
    }
    await sight.readModels.saveCheckpoint(checkpointOf(reactor), position);
  };
};
