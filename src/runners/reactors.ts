import { finishDeadLetter } from '../commands/jobs/finish-dead-letter.ts';
import { addDeadLetter } from '../commands/jobs/add-dead-letter.ts';
import type { FailedEvent } from '../domain/jobs/dead-letter.ts';
import { projectOfStream } from '../domain/streams.ts';
import { unrepeatable } from '../engine/command.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import type { Request } from '../engine/handle.ts';
import type { Batch, Recorded } from '../eventstore/event-store.ts';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import type { Intent } from '../flows/intent.ts';
import { intent } from '../flows/intent.ts';
import { reactors as allReactors } from '../reactors/index.ts';
import type { Reactor, Retry } from '../reactors/reactor.ts';
import { checkpointOf, reactionsTo } from '../reactors/reactor.ts';
import { ReadModelsUnavailable } from '../readmodels/read-models.ts';
import { tracedFollowing } from '../telemetry/traced-reactor.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { WorkerContext } from './context.ts';
import { runIntent } from './intents.ts';

/** What a reactor runs with: `reactors` are those whose dead letters can be retried. */
type Running = WorkerContext & { readonly tracing?: Tracing | undefined; readonly reactors?: readonly Reactor[] };

/** Whose commands follow from a fact. */
const requestBy = (reactor: string, { id, metadata }: Recorded, commandId: string): Request => ({
  commandId,
  correlationId: metadata.correlationId,
  causationId: id,
  actor: `reactor:${reactor}`,
});

/**
 * Does what follows from one fact; undefined when that is nothing. The ids of its commands are made from the fact, so a fact
 * that comes again repeats the same commands and nothing happens twice. Throws when the reactor can't say what follows.
 */
export const follow = (reactor: Reactor, event: Recorded, running: Running): Promise<void> | undefined => {
  const { name } = reactor;
  const { engine, tracing } = running;
  const { traceparent } = event.metadata;
  return tracedFollowing(tracing, event, {
    name,
    react: () => reactionsTo(reactor, event, engine.states),
    act: async (reaction, index) => {
      await engine.yieldToOthers(projectOfStream(event.stream));
      const request = requestBy(name, event, `${event.id}/${name}/${index}`);
      const wanted = 'retry' in reaction ? await retried(reaction, running) : reaction;
      await runIntent(engine, wanted, { ...request, ...(traceparent && { traceparent }) });
    },
  });
};

/** After so many failures in a row what follows from a fact is a dead letter. */
const tries = 5;

/** Nothing is wrong with the fact: a store is away, others were quicker, or the process stops. Then the batch comes again. */
const passes = (error: unknown): boolean =>
  error instanceof StoreUnavailable ||
  error instanceof ReadModelsUnavailable ||
  error instanceof TooManyConflicts ||
  (error instanceof Error && error.name === 'AbortError');

/** What failed with a fact, and how often, as a dead letter says it. */
type Failure = { readonly error: unknown; readonly attempts: number; readonly firstFailedAt: string };

/** Wants a dead letter of what follows from a fact, so that it can be tried again. */
const deadLetterOf = (reactor: string, event: FailedEvent, { error, attempts, firstFailedAt }: Failure): Intent => {
  const { id, type, stream, revision, position } = event;
  return intent(addDeadLetter, {
    projectId: projectOfStream(stream),
    reactor,
    event: { id, type, stream, revision, position },
    error: error instanceof Error ? error.message : String(error),
    attempts,
    firstFailedAt,
  });
};

const followAgain = async ({ retry }: Retry, running: Running): Promise<void> => {
  const { reactors = allReactors, tracing: _, ...context } = running;
  const { stream, revision } = retry.event;
  const reactor = reactors.find(({ name }) => name === retry.reactor);
  if (!reactor) throw new Error(`This version has no reactor ${retry.reactor}; run one that has, or discard the work`);
  const [fact] = await context.engine.states.read(stream, revision - 1, 1);
  if (!fact) throw new Error(`There is no fact ${revision} in ${stream}; discard the work`);
  await follow(reactor, fact, { ...context, reactors });
};

/** Does again what follows from a fact. Gives what is to be said of the dead letter then: that it is done, or that it failed again. */
async function retried(reaction: Retry, running: Running): Promise<Intent> {
  const { projectId, workId, reactor, event } = reaction.retry;
  try {
    await followAgain(reaction, running);
  } catch (error) {
    if (passes(error)) throw error;
    return deadLetterOf(reactor, event, { error, attempts: 1, firstFailedAt: running.clock().toISOString() });
  }
  return intent(finishDeadLetter, { projectId, workId });
}

/** Goes on after a first failure: tries again a few times, then gives up. */
const again = async (reactor: Reactor, event: Recorded, running: Running, first: unknown): Promise<void> => {
  const { engine, clock, sleep } = running;
  const { name } = reactor;
  const firstFailedAt = clock().toISOString();
  let error = first;
  for (let attempts = 1; attempts < tries; attempts++) {
    if (passes(error)) throw error;
    await sleep(100 * 2 ** (attempts - 1));
    try {
      return await follow(reactor, event, running);
    } catch (failure) {
      error = failure;
    }
  }
  if (passes(error)) throw error;
  const request = requestBy(name, event, unrepeatable(`${event.id}/${name}/park`));
  await runIntent(engine, deadLetterOf(name, event, { error, attempts: tries, firstFailedAt }), request);
};

const followOrGiveUp = (reactor: Reactor, event: Recorded, running: Running): Promise<void> | undefined => {
  try {
    return follow(reactor, event, running)?.catch((error: unknown) => again(reactor, event, running, error));
  } catch (error) {
    return again(reactor, event, running, error);
  }
};

/** How many streams are followed at once: what they append meanwhile shares commits. */
const lanes = 64;

/**
 * Runs a reactor over a batch: the facts of a stream one after the other, those of several streams at once. What follows from a
 * fact and fails time and again becomes a dead letter, and the reactor goes on. Rejects when a store is away; then the batch comes again.
 */
export const runReactor =
  (reactor: Reactor, running: Running) =>
  async ({ events, position, last }: Batch): Promise<void> => {
    const streams = Map.groupBy(events, ({ stream }) => stream);
    const left = streams.values();
    const followStreams = async (): Promise<void> => {
      for (const facts of left) {
        for (const event of reactor.onlyLast ? facts.slice(-1) : facts) {
          const following = followOrGiveUp(reactor, event, running);
          // Nothing follows from most facts: a wait for each would cost more than all else that is done with it.
          if (following) await following;
        }
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(lanes, streams.size) }, followStreams));
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
    await running.readModels.saveCheckpoint(checkpointOf(reactor), position, last);
  };
