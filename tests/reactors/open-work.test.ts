import { describe, expect, it, onTestFinished } from 'vitest';
import { closeWorkItem } from '../../src/commands/work/close-work-item.ts';
import { openWorkItem } from '../../src/commands/work/open-work-item.ts';
import type { Event } from '../../src/domain/event.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import type { NewEvent, Recorded } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import { intent } from '../../src/flows/intent.ts';
import { openWorkItems } from '../../src/reactors/open-work-items.ts';
import { filterOf } from '../../src/reactors/reactor.ts';
import { runReactor } from '../../src/runners/reactors.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { allFacts, engineOver, openLog } from '../support/engine.ts';
import { factsIn } from '../support/facts-in.ts';
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
import { givenLog, idIn } from '../support/given-log.ts';
import { noon } from '../support/noon.ts';

const later = (hours: number): string => new Date(noon.getTime() + hours * 3_600_000).toISOString();

const [parkedStream, jobStream] = [`parked-${projectId}.complete-merges.e1`, `job-${projectId}.rescore-2`];
const { event, error } = workParked().data;

const linkItem = {
  projectId,
  workId: `link-l1.${leadIdOf(projectId, email())}`,
  leadId: 'l1',
  kind: 'link_refused',
  priority: 'normal',
  dueAt: later(24),
  reason: 'a lead has one userId at most',
  details: { identifier: email(), otherLeadId: idOf(email()) },
} as const;

const failedItem = (stream: string, revision: number, details: object) =>
  ({
    projectId,
    workId: `failed-${idIn(stream, revision)}`,
    kind: 'failed_work',
    priority: 'high',
    dueAt: later(4),
    reason: 'It failed 5 times, and waits to be retried',
    details: { attempts: 5, ...details },
  }) as const;

const [parkedDetails, jobDetails] = [
  { failedId: `${projectId}.complete-merges.e1`, reactor: 'complete-merges', event },
  { failedId: `${projectId}.rescore-2` },
];

const endOf = (stream: string, revision: number) => ({
  projectId,
  workId: `failed-${idIn(stream, revision)}`,
  by: 'key:k1',
});
const triedAgain = { how: 'completed', reason: 'It was tried again' } as const;

describe('A link that was refused', () => {
  it('is looked at once, however often the two come together', async () => {
    const stream = `lead-${projectId}.l1`;
    const log = givenLog({ [stream]: [linkRefused(), linkRefused()] });
    for (const revision of [0, 1]) await log.when(openWorkItems, stream, revision).then(intent(openWorkItem, linkItem));
  });
});

describe('A shared device', () => {
  it('is looked at once, however many people have it', async () => {
    const device = linkRefused({ identifier: anonymousId(), leadId: idOf(anonymousId()), limit: 'sharedDevice' });
    for (const lead of ['l6', 'l7']) {
      const stream = `lead-${projectId}.${lead}`;
      await givenLog({ [stream]: [device] })
        .when(openWorkItems, stream)
        .then(
          intent(openWorkItem, {
            ...linkItem,
            workId: `device-${idOf(anonymousId())}`,
            leadId: idOf(anonymousId()),
            details: { identifier: anonymousId(), otherLeadId: lead },
          }),
        );
    }
  });
});

describe('Work that was put aside', () => {
  it('is looked at, and no more when it is tried again, or given up', async () => {
    const after = (...facts: Parameters<typeof givenLog>[0][string]) =>
      givenLog({ [parkedStream]: facts }).when(openWorkItems, parkedStream);
    const open = (revision: number) => intent(openWorkItem, failedItem(parkedStream, revision, parkedDetails));
    const end = endOf(parkedStream, 0);
    await after(workParked()).then(open(0));
    await after(workParked(), workRetried()).then(intent(closeWorkItem, { ...end, ...triedAgain }));
    await after(workParked(), workRetried(), workParked()).then(open(2));
    const given = { how: 'cancelled', reason: 'Not needed' } as const;
    await after(workParked(), workDiscarded()).then(intent(closeWorkItem, { ...end, ...given }));
  });

  it('says nothing of what went wrong inside, which is not for all who may read leads', async () => {
    const wanted = await givenLog({ [parkedStream]: [workParked()] })
      .when(openWorkItems, parkedStream)
      .reactions();
    expect(JSON.stringify(wanted.map((each) => 'input' in each && each.input))).not.toContain(error);
  });

  it('is not looked at when it was settled long before anybody reads of it', async () => {
    const parked = givenLog({ [parkedStream]: [workParked(), workRetried(), workDone()] });
    await parked.when(openWorkItems, parkedStream, 0).then();
    const job = givenLog({ [jobStream]: [jobRequested(), jobFailed(), jobRetried(), jobCompleted()] });
    await job.when(openWorkItems, jobStream, 1).then();
  });

  it('leads to no more work when it is itself about opening such items', async () => {
    const own = givenLog({ [parkedStream]: [workParked({ reactor: 'open-work' })] });
    await own.when(openWorkItems, parkedStream).then();
    const ofItem = { ...event, type: 'WorkItemOpened', stream: `work-${projectId}.failed-e1` };
    const about = givenLog({ [parkedStream]: [workParked({ event: ofItem })] });
    await about.when(openWorkItems, parkedStream).then();
  });
});

describe('A job that failed', () => {
  it('is looked at until somebody lets it go on, or cancels it', async () => {
    const log = [jobRequested(), jobFailed(), jobRetried(), jobFailed(), jobCancelled()];
    const until = (length: number) => givenLog({ [jobStream]: log.slice(0, length) }).when(openWorkItems, jobStream);
    await until(1).then();
    await until(2).then(intent(openWorkItem, failedItem(jobStream, 1, jobDetails)));
    await until(3).then(intent(closeWorkItem, { ...endOf(jobStream, 1), ...triedAgain }));
    await until(4).then(intent(openWorkItem, failedItem(jobStream, 3, jobDetails)));
    await until(5).then(
      intent(closeWorkItem, { ...endOf(jobStream, 3), how: 'cancelled', reason: jobCancelled().data.reason }),
    );
  });

  it('of no project is for operators only', async () => {
    const stream = 'job-_system.rebuild-1';
    await givenLog({ [stream]: [jobRequested({ projectId: '_system' }), jobFailed()] })
      .when(openWorkItems, stream)
      .then();
  });

  it('that never failed has nothing to end when it is cancelled', async () => {
    await givenLog({ [jobStream]: [jobRequested(), jobCancelled()] })
      .when(openWorkItems, jobStream)
      .then();
  });
});

/** A log, and the reactor that looks at all of it whenever it is told to, by a process that remembers nothing. */
const openScene = async () => {
  const [store, readModels] = [openLog(), openSqliteReadModels(':memory:')];
  await readModels.prepare([]);
  onTestFinished(async () => {
    await readModels.close();
    await store.close();
  });
  const append = async (stream: string, ...events: readonly Event[]): Promise<void> => {
    const before = await factsIn(store, stream);
    const metadata = { commandId: stream, correlationId: 'c', causationId: 'c', actor: 'key:k1' };
    const facts = events.map((each, at): NewEvent => {
      return { ...each, id: `${stream.replaceAll('.', '-')}-${before.length + at}`, metadata };
    });
    await store.append(stream, before.length - 1, facts);
  };
  const run = async (): Promise<readonly Recorded[]> => {
    const events = (await allFacts(store)).filter(wanting(filterOf(openWorkItems)));
    const reacting = runReactor(openWorkItems, {
      engine: engineOver(store),
      readModels,
      clock: () => noon,
      othersLag: 0,
      sleep: () => Promise.resolve(),
      head: () => store.head(),
      reached: () => Promise.resolve(),
    });
    await reacting({ events, position: await store.head() });
    return (await allFacts(store)).filter(({ stream }) => stream.startsWith('work-'));
  };
  return { append, run };
};

const typesOf = (facts: readonly Recorded[]): readonly string[] => facts.map(({ type }) => type);

describe('What is looked at', () => {
  it('is so once, also when a process died before it could note how far it was', async () => {
    const { append, run } = await openScene();
    await append(`lead-${projectId}.l1`, linkRefused(), linkRefused());
    await append(parkedStream, workParked());
    for (const opened of [await run(), await run()]) {
      expect(typesOf(opened)).toEqual(['WorkItemOpened', 'WorkItemOpened']);
      expect(opened[0]).toMatchObject({ metadata: { actor: 'reactor:open-work' } });
    }
  });

  it('stays ended when it was ended by hand and its cause is settled then', async () => {
    const { append, run } = await openScene();
    await append(parkedStream, workParked());
    const [opened] = await run();
    await append(opened?.stream ?? '', workItemCompleted());
    await append(parkedStream, workRetried());
    expect(typesOf(await run())).toEqual(['WorkItemOpened', 'WorkItemCompleted']);
  });
});
