import { describe, expect, it, onTestFinished } from 'vitest';
import type { Event } from '../../src/domain/event.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import type { NewEvent, Recorded } from '../../src/eventstore/event-store.ts';
import { openWork } from '../../src/reactors/open-work.ts';
import type { ReactorContext } from '../../src/reactors/reactor.ts';
import { react } from '../../src/reactors/reactor.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { allFacts, engineOver, openLog } from '../support/engine.ts';
import {
  anonymousId,
  email,
  idOf,
  jobCancelled,
  jobCompleted,
  jobFailed,
  jobRequested,
  jobRetried,
  linkRefused,
  projectId,
  workDiscarded,
  workDone,
  workItemCompleted,
  workParked,
  workRetried,
} from '../support/facts.ts';
import { noon } from '../support/noon.ts';
import { factsIn } from '../support/facts-in.ts';

/** A log, and the reactor that looks at all of it whenever it is told to. */
const openScene = async () => {
  const [store, readModels] = [openLog(), openSqliteReadModels(':memory:')];
  await readModels.prepare([]);
  onTestFinished(async () => {
    await readModels.close();
    await store.close();
  });
  const engine = engineOver(store);
  const sight: ReactorContext = {
    engine,
    readModels,
    clock: () => noon,
    othersLag: 0,
    sleep: () => Promise.resolve(),
    head: () => store.head(),
    reached: () => Promise.resolve(),
  };
  const append = async (stream: string, ...events: readonly Event[]): Promise<void> => {
    const before = await factsIn(store, stream);
    const metadata = { commandId: stream, correlationId: 'c', causationId: 'c', actor: 'key:k1' };
    const facts = events.map((event, at): NewEvent => {
      return { ...event, id: `${stream.replaceAll('.', '-')}-${before.length + at}`, metadata };
    });
    await store.append(stream, before.length - 1, facts);
  };
  const facts = async (): Promise<readonly Recorded[]> =>
    (await allFacts(store)).filter(({ stream }) => stream.startsWith('work-'));
  const run = async (seen = sight): Promise<readonly Recorded[]> => {
    const types = new Set<string>(openWork.types);
    const followed = (await allFacts(store)).filter(
      ({ stream, type }) => types.has(type) && openWork.streams.some((beginning) => stream.startsWith(beginning)),
    );
    await react(openWork, seen)({ events: followed, position: await store.head() });
    return facts();
  };
  return { store, engine, sight, append, run };
};

const typesOf = (facts: readonly Recorded[]): readonly string[] => facts.map(({ type }) => type);
const [parkedStream, jobStream] = [`parked-${projectId}.complete-merges.e1`, `job-${projectId}.rescore-2`];

describe('A link that was refused', () => {
  it('is looked at once, however often the two come together, and by whoever reads the log again', async () => {
    const { append, run } = await openScene();
    await append(`lead-${projectId}.l1`, linkRefused(), linkRefused());
    const [opened, ...more] = await run();
    expect(more).toEqual([]);
    expect(opened).toMatchObject({
      type: 'WorkItemOpened',
      stream: `work-${projectId}.link-l1.${leadIdOf(projectId, email())}`,
      data: { kind: 'link_refused', leadId: 'l1', priority: 'normal', details: { identifier: email() } },
      metadata: { actor: 'reactor:open-work' },
    });
    expect(typesOf(await run())).toEqual(['WorkItemOpened']);
  });
});

describe('A shared device', () => {
  it('is looked at once, however many people have it', async () => {
    const { append, run } = await openScene();
    const device = linkRefused({ identifier: anonymousId(), leadId: idOf(anonymousId()), limit: 'sharedDevice' });
    for (const lead of ['l6', 'l7']) await append(`lead-${projectId}.${lead}`, device);
    const [opened, ...more] = await run();
    expect(more).toEqual([]);
    expect(opened).toMatchObject({
      stream: `work-${projectId}.device-${idOf(anonymousId())}`,
      data: { kind: 'link_refused', leadId: idOf(anonymousId()), details: { otherLeadId: 'l6' } },
    });
  });
});

describe('Work that was put aside', () => {
  it('is looked at, and no more when it is tried again, or given up', async () => {
    const { append, run } = await openScene();
    await append(parkedStream, workParked());
    const [opened] = await run();
    expect(opened).toMatchObject({
      type: 'WorkItemOpened',
      data: {
        kind: 'failed_work',
        priority: 'high',
        projectId,
        details: { failedId: `${projectId}.complete-merges.e1`, reactor: 'complete-merges', attempts: 5 },
      },
    });
    // What went wrong inside is not for all who may read leads.
    expect(JSON.stringify(opened)).not.toContain(workParked().data.error);
    await append(parkedStream, workRetried());
    expect((await run()).at(-1)).toMatchObject({ type: 'WorkItemCompleted', data: { by: 'key:k1' } });
    await append(parkedStream, workParked());
    expect(typesOf(await run())).toEqual(['WorkItemOpened', 'WorkItemCompleted', 'WorkItemOpened']);
    await append(parkedStream, workDiscarded());
    expect((await run()).at(-1)).toMatchObject({ type: 'WorkItemCancelled', data: { reason: 'Not needed' } });
    expect(await run()).toHaveLength(4);
  });

  it('is not looked at when it was settled long before anybody reads of it', async () => {
    const { append, run } = await openScene();
    await append(parkedStream, workParked(), workRetried(), workDone());
    await append(jobStream, jobRequested(), jobFailed(), jobRetried(), jobCompleted());
    expect(await run()).toEqual([]);
  });

  it('is not looked at twice when a process died before it could note how far it was', async () => {
    const { store, sight, append, run } = await openScene();
    await append(parkedStream, workParked());
    await run();
    expect(typesOf(await run({ ...sight, engine: engineOver(store) }))).toEqual(['WorkItemOpened']);
  });

  it('leads to no more work when it is itself about opening such items', async () => {
    const { append, run } = await openScene();
    await append(parkedStream, workParked({ reactor: 'open-work' }));
    const { event } = workParked().data;
    const stream = `work-${projectId}.failed-e1`;
    await append(`parked-${projectId}.x.e2`, workParked({ event: { ...event, type: 'WorkItemOpened', stream } }));
    expect(await run()).toEqual([]);
  });
});

describe('A job that failed', () => {
  it('is looked at until somebody lets it go on, or cancels it', async () => {
    const { append, run } = await openScene();
    await append(jobStream, jobRequested(), jobFailed());
    expect(await run()).toMatchObject([
      { data: { kind: 'failed_work', details: { failedId: `${projectId}.rescore-2`, attempts: 5 } } },
    ]);
    await append(jobStream, jobRetried());
    expect(typesOf(await run())).toEqual(['WorkItemOpened', 'WorkItemCompleted']);
    await append(jobStream, jobFailed());
    await run();
    await append(jobStream, jobCancelled());
    expect(typesOf(await run())).toEqual([
      ...['WorkItemOpened', 'WorkItemCompleted', 'WorkItemOpened', 'WorkItemCancelled'],
    ]);
  });

  it('of no project is for operators only', async () => {
    const { append, run } = await openScene();
    await append('job-_system.rebuild-1', jobRequested({ projectId: '_system' }), jobFailed());
    expect(await run()).toEqual([]);
  });

  it('that never failed has nothing to end when it is cancelled', async () => {
    const { append, run } = await openScene();
    await append(jobStream, jobRequested(), jobCancelled());
    expect(await run()).toEqual([]);
  });
});

it('An item that was ended by hand stays as it is when its cause is settled', async () => {
  const { append, run } = await openScene();
  await append(parkedStream, workParked());
  const [opened] = await run();
  await append(opened?.stream ?? '', workItemCompleted());
  await append(parkedStream, workRetried());
  expect(typesOf(await run())).toEqual(['WorkItemOpened', 'WorkItemCompleted']);
});
