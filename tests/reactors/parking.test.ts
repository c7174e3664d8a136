import { describe, expect, it, onTestFinished } from 'vitest';
import { discardDeadLetter } from '../../src/commands/jobs/discard-dead-letter.ts';
import { requestJob } from '../../src/commands/jobs/request-job.ts';
import { retryDeadLetter } from '../../src/commands/jobs/retry-dead-letter.ts';
import type { Event } from '../../src/domain/event.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { flowIntent } from '../../src/flows/intent.ts';
import type { Request } from '../../src/engine/handle.ts';
import type { NewEvent, Recorded } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable, wanting } from '../../src/eventstore/event-store.ts';
import { completeMerges } from '../../src/reactors/complete-merges.ts';
import type { Reactor } from '../../src/reactors/reactor.ts';
import { checkpointOf, filterOf } from '../../src/reactors/reactor.ts';
import { retryDeadLetters } from '../../src/reactors/retry-dead-letters.ts';
import type { WorkerContext } from '../../src/runners/context.ts';
import { runReactor } from '../../src/runners/reactors.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { allFacts, engineOver, openLog, request } from '../support/engine.ts';
import {
  activityRecorded,
  anonymousId,
  idOf,
  leadCaptured,
  leadMerged,
  leadScored,
  projectId,
  userId,
} from '../support/facts.ts';
import { noon } from '../support/noon.ts';
import { factsIn } from '../support/facts-in.ts';

/** A log with people in it, and what reactors see of it. `fails` says with what the command that follows from a stream fails. */
const openScene = async () => {
  const [store, readModels] = [openLog(), openSqliteReadModels(':memory:')];
  await readModels.prepare([]);
  onTestFinished(async () => {
    await readModels.close();
    await store.close();
  });
  const engine = engineOver(store);
  const fails: { with?: (stream: string) => Error | undefined } = {};
  const tried: string[] = [];
  const context: WorkerContext = {
    engine,
    readModels,
    clock: () => noon,
    othersLag: 0,
    sleep: () => Promise.resolve(),
    head: () => store.head(),
    reached: () => Promise.resolve(),
  };
  const welcome = async (
    { handle }: Engine,
    { stream, id }: { readonly stream: string; readonly id: string },
    asked: Request,
  ): Promise<void> => {
    tried.push(stream.slice(`lead-${projectId}.`.length));
    const error = fails.with?.(stream);
    if (error) throw error;
    await handle(requestJob, { projectId, jobId: `welcome-${id}`, kind: 'rescore' }, asked);
  };
  const reactor: Reactor = {
    name: 'welcome',
    streams: ['lead-'],
    on: { LeadCaptured: ({ stream, id }) => [flowIntent(welcome, { stream, id })] },
  };
  const append = async (stream: string, ...events: readonly Event[]): Promise<void> => {
    const before = await factsIn(store, stream);
    const metadata = { commandId: stream, correlationId: 'c', causationId: 'c' };
    const facts = events.map((event, at): NewEvent => ({ ...event, id: `${stream}/${before.length + at}`, metadata }));
    await store.append(stream, before.length - 1, facts);
  };
  const facts = async (beginning: string): Promise<readonly Recorded[]> =>
    (await allFacts(store)).filter(({ stream }) => stream.startsWith(beginning));
  /** Lets a reactor see all facts that it follows. */
  const run = async (who: Reactor, { reactors = [reactor], ...seen }: Partial<Running> = {}): Promise<void> => {
    const events = (await allFacts(store)).filter(wanting(filterOf(who)));
    await runReactor(who, { ...context, ...seen, reactors })({ events, position: await store.head() });
  };
  return { store, engine, context, reactor, fails, tried, append, facts, run };
};
type Running = Parameters<typeof runReactor>[1];
type Scene = Awaited<ReturnType<typeof openScene>>;

const broken = new Error('It broke');
const workId = `welcome.lead-${projectId}.one/0`;

/** One of two people's welcome fails for good. */
const parkedScene = async (): Promise<Scene> => {
  const scene = await openScene();
  await scene.append(`lead-${projectId}.one`, leadCaptured());
  await scene.append(`lead-${projectId}.two`, leadCaptured());
  scene.fails.with = (stream) => (stream.endsWith('.one') ? broken : undefined);
  await scene.run(scene.reactor);
  return scene;
};
const typesOf = (facts: readonly Recorded[]): readonly string[] => facts.map(({ type }) => type);

describe('A fact that can not be reacted to', () => {
  it('is parked after five tries, with its cause, and the others are reacted to', async () => {
    const { tried, facts, context, reactor, store } = await parkedScene();
    expect(tried.toSorted()).toEqual(['one', 'one', 'one', 'one', 'one', 'two']);
    const [parked, ...more] = await facts('parked-');
    expect(more).toEqual([]);
    expect(parked?.stream).toBe(`parked-${projectId}.${workId}`);
    expect(parked).toMatchObject({
      type: 'WorkParked',
      data: {
        projectId,
        reactor: 'welcome',
        error: 'It broke',
        attempts: 5,
        event: { id: `lead-${projectId}.one/0`, type: 'LeadCaptured', stream: `lead-${projectId}.one`, revision: 0 },
      },
    });
    expect(typesOf(await facts('job-'))).toEqual(['JobRequested']);
    expect(await context.readModels.checkpoint(checkpointOf(reactor))).toBe((await store.head()) - 2);
  });

  it('is parked once, though it comes again', async () => {
    const { facts, reactor, run } = await parkedScene();
    await run(reactor);
    expect(typesOf(await facts('parked-'))).toEqual(['WorkParked']);
    expect(typesOf(await facts('job-'))).toEqual(['JobRequested']);
  });

  it('is parked when the domain says no', async () => {
    const { append, fails, facts, reactor, run } = await openScene();
    await append(`lead-${projectId}.one`, leadCaptured());
    fails.with = () => new Rejection('project-unknown', 'There is no such project');
    await run(reactor);
    expect(await facts('parked-')).toMatchObject([{ data: { error: 'There is no such project' } }]);
  });

  it.each([new StoreUnavailable('away'), new ReadModelsUnavailable('away')])(
    'is not parked while a store is away, and comes again: %s',
    async (away) => {
      const { append, fails, facts, tried, reactor, run, context } = await openScene();
      await append(`lead-${projectId}.one`, leadCaptured());
      fails.with = () => away;
      await expect(run(reactor)).rejects.toBe(away);
      expect({ tried, facts: await facts('parked-') }).toEqual({ tried: ['one'], facts: [] });
      expect(await context.readModels.checkpoint(checkpointOf(reactor))).toBe(0);
      fails.with = () => undefined;
      await run(reactor);
      expect(typesOf(await facts('job-'))).toEqual(['JobRequested']);
    },
  );
});

describe('Work that was parked', () => {
  it('is done when it is retried and goes well, once', async () => {
    const { engine, fails, facts, run } = await parkedScene();
    fails.with = () => undefined;
    await engine.handle(retryDeadLetter, { projectId, workId }, request('retry'));
    await run(retryDeadLetters);
    await run(retryDeadLetters);
    expect(typesOf(await facts('parked-'))).toEqual(['WorkParked', 'WorkRetried', 'WorkDone']);
    expect(typesOf(await facts('job-'))).toEqual(['JobRequested', 'JobRequested']);
  });

  it('does not happen twice when it was done before it was parked', async () => {
    const { engine, fails, facts, reactor, run } = await parkedScene();
    fails.with = () => undefined;
    await run(reactor);
    await engine.handle(retryDeadLetter, { projectId, workId }, request('retry'));
    await run(retryDeadLetters);
    expect(typesOf(await facts('job-'))).toEqual(['JobRequested', 'JobRequested']);
    expect(typesOf(await facts('parked-')).at(-1)).toBe('WorkDone');
  });

  it('is parked again when it fails again, and can be retried again', async () => {
    const { engine, fails, facts, run } = await parkedScene();
    for (const [nth, attempts] of [6, 7].entries()) {
      await engine.handle(retryDeadLetter, { projectId, workId }, request(`retry-${nth}`));
      await run(retryDeadLetters);
      expect((await facts('parked-')).at(-1)).toMatchObject({ type: 'WorkParked', data: { attempts } });
    }
    fails.with = () => undefined;
    await engine.handle(retryDeadLetter, { projectId, workId }, request('retry-at-last'));
    await run(retryDeadLetters);
    expect(typesOf(await facts('parked-')).at(-1)).toBe('WorkDone');
  });

  it('waits for a version that has its reactor, and says so', async () => {
    const { engine, facts, run } = await parkedScene();
    await engine.handle(retryDeadLetter, { projectId, workId }, request('retry'));
    await run(retryDeadLetters, { reactors: [] });
    const last = (await facts('parked-')).at(-1);
    expect({ type: last?.type, JSONStringify: JSON.stringify(last?.data) }).toEqual({
      type: 'WorkParked',
      JSONStringify: expect.stringContaining('has no reactor welcome'),
    });
  });

  it('stays undone once it is discarded, also when a retry was on its way', async () => {
    const { engine, fails, facts, tried, run } = await parkedScene();
    fails.with = () => undefined;
    await engine.handle(retryDeadLetter, { projectId, workId }, request('retry'));
    await engine.handle(discardDeadLetter, { projectId, workId, reason: 'Not needed' }, request('discard'));
    const before = tried.length;
    await run(retryDeadLetters);
    expect(tried).toHaveLength(before);
    expect(typesOf(await facts('parked-'))).toEqual(['WorkParked', 'WorkRetried', 'WorkDiscarded']);
  });
});

it('A merge that can not be completed is parked, and completed when it is retried', async () => {
  const { engine, append, facts, run, store } = await openScene();
  const [older, younger] = [idOf(userId()), idOf(anonymousId())];
  await append(`lead-${projectId}.${older}`, leadCaptured({ leadId: older, identifier: userId() }));
  const came = [leadCaptured(), activityRecorded(), leadScored(), leadMerged({ into: older })];
  await append(`lead-${projectId}.${younger}`, ...came);
  const handle: Engine['handle'] = (command, ...rest) =>
    command.name === 'AbsorbLead' ? Promise.reject(broken) : engine.handle(command, ...rest);
  await run(completeMerges, { engine: { ...engine, handle } });
  const [parked] = await facts('parked-');
  expect(parked?.data).toMatchObject({ reactor: 'complete-merges', error: 'It broke', event: { type: 'LeadMerged' } });

  const id = parked?.stream.slice(`parked-${projectId}.`.length) ?? '';
  await engine.handle(retryDeadLetter, { projectId, workId: id }, request('retry'));
  await run(retryDeadLetters, { reactors: [completeMerges] });
  await run(retryDeadLetters, { reactors: [completeMerges] });
  expect(typesOf(await facts('parked-'))).toEqual(['WorkParked', 'WorkRetried', 'WorkDone']);
  const survivor = await engineOver(store).states.get(lead, `${projectId}.${older}`);
  expect([...survivor.state.absorbed.keys(), survivor.state.activities.size]).toEqual([younger, 1]);
  expect(typesOf(await facts(`lead-${projectId}.${older}`)).filter((type) => type === 'LeadAbsorbed')).toHaveLength(1);
});
