import { describe, expect, it } from 'vitest';
import { claimJob } from '../../src/commands/jobs/claim-job.ts';
import { progressJob } from '../../src/commands/jobs/progress-job.ts';
import { requestJob } from '../../src/commands/jobs/request-job.ts';
import { issueKey } from '../../src/commands/projects/issue-key.ts';
import { revokeKey } from '../../src/commands/projects/revoke-key.ts';
import { closeLead } from '../../src/commands/routing/close-lead.ts';
import { freePlace } from '../../src/commands/routing/free-place.ts';
import { capture } from '../../src/flows/capture.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { routeLead } from '../../src/flows/route-lead.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import { pageLimits } from '../../src/eventstore/page.ts';
import { reactors } from '../../src/reactors/index.ts';
import { filterOf } from '../../src/reactors/reactor.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { runReactor } from '../../src/runners/reactors.ts';
import { allFacts, engineOver, openWith, request } from '../support/engine.ts';
import { activity, projectId, standard, userId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';
import { contextOf, qualify, withReps } from '../support/routing.ts';

/** What was read of a store: how often, and how many facts came. */
const counting = (store: EventStore) => {
  const count = { reads: 0, facts: 0 };
  const counted: EventStore = {
    ...store,
    read: async (...asked) => {
      const page = await store.read(...asked);
      count.reads += 1;
      count.facts += page.events.length;
      return page;
    },
  };
  /** What is read while something is done. */
  const during = async (work: () => Promise<unknown>) => {
    const before = { ...count };
    await work();
    return { reads: count.reads - before.reads, facts: count.facts - before.facts };
  };
  return { store: counted, during };
};

const memory = { maxBytes: 100_000_000 };

/** Runs all reactors over the log as a process does that has no checkpoints, until nothing new comes. */
const runAll = async (engine: Engine, log: EventStore): Promise<void> => {
  const readModels = openSqliteReadModels(':memory:');
  const context = contextOf(engine, readModels);
  for (
    let seen = 0, facts = await allFacts(log);
    seen < facts.length;
    seen = facts.length, facts = await allFacts(log)
  ) {
    for (const reactor of reactors) {
      const followed = facts.slice(seen).filter(wanting(filterOf(reactor)));
      for (let at = 0; at < followed.length; at += pageLimits.events) {
        const events = followed.slice(at, at + pageLimits.events);
        await runReactor(reactor, context)({ events, position: events.at(-1)?.position ?? 0 });
      }
    }
  }
  await readModels.close();
};

/**
 * What a stream is grown by, one thing after the other, the nth of them again, and one more. Each is a command that may be
 * sent again, and is what the stream is used for.
 */
type Growing = {
  readonly does: (engine: Engine, nth: number) => Promise<unknown>;
  readonly first?: (engine: Engine) => Promise<unknown>;
};

const person = (nth: number): string => `person-${nth}`;
const until = new Date(noon.getTime() + 60_000).toISOString();
const held = { projectId, jobId: 'j1', holder: 'h1', until };

const streams: Readonly<Record<string, Growing>> = {
  'The pool of a project': {
    does: async (engine, nth) => {
      const leadId = await qualify(engine, person(nth));
      await routeLead(engine, { projectId, leadId }, request(`route-${nth}`));
      const free = { projectId, leadId, credit: true, reason: 'closed' };
      await engine.handle(freePlace, free, request(`free-${nth}`));
    },
    first: (engine) => withReps(engine, [{ repId: 'ada', capacity: 10_000 }]),
  },
  'A project': {
    does: async ({ handle }, nth) => {
      const key = { projectId, keyId: `k${nth}`, name: 'Key', scopes: [], hash: 'h' };
      await handle(issueKey, key, request(`issue-${nth}`));
      await handle(revokeKey, { projectId, keyId: key.keyId }, request(`revoke-${nth}`));
    },
  },
  'A lead': {
    does: (engine, nth) =>
      capture(
        engine,
        projectId,
        [{ identifiers: [userId()], activity: activity({ eventId: `e${nth}` }), exactTime: true }],
        request(`capture-${nth}`),
      ),
  },
  'A job': {
    does: ({ handle }, nth) =>
      handle(
        progressJob,
        { ...held, cursor: String(nth), done: nth, total: 1_000_000, complete: false },
        request(`progress-${nth}`),
      ),
    first: async ({ handle }) => {
      await handle(requestJob, { projectId, jobId: 'j1', kind: 'route-qualified' }, request('request'));
      await handle(claimJob, { ...held, takeOver: false }, request('claim'));
    },
  },
};

/** How much is read by a process that has a stream of so many in mind, and one that has not. */
const readOf = async ({ does, first }: Growing, count: number, isAlone: boolean) => {
  const { store, during } = counting(await openWith(standard));
  const engine = engineOver(store, { ...memory, isAlone });
  await first?.(engine);
  for (let nth = 0; nth < count; nth++) await does(engine, nth);
  const more = await during(() => does(engine, count));
  const again = await during(() => does(engine, 0));
  const started = engineOver(store, { ...memory, isAlone });
  const afterwards = await during(() => does(started, 1));
  const warm = await during(() => does(started, 2));
  await store.close();
  return { more, again, afterwards, warm };
};

describe.each([
  ['that alone appends', true],
  ['beside others', false],
])('In a process %s', (_, isAlone) => {
  it.each(Object.entries(streams))('%s takes no more reading when it is four times as long', async (__, growing) => {
    const few = await readOf(growing, 100, isAlone);
    const many = await readOf(growing, 400, isAlone);
    // One page has what a command recorded, whatever comes behind it.
    expect(many.more.reads).toBeLessThanOrEqual(few.more.reads);
    expect(many.more.facts).toBeLessThanOrEqual(few.more.facts + 5);
    expect(many.again.reads).toBeLessThanOrEqual(few.again.reads);
    expect(many.again.facts).toBeLessThanOrEqual(few.again.facts + 5);
    // Who remembers nothing folds it once.
    expect(many.afterwards.facts).toBeLessThanOrEqual(4 * few.afterwards.facts);
    expect(many.warm.facts).toBeLessThanOrEqual(few.warm.facts + 5);
  });

  it('a start without read models reads no more than four times as much of a log that is four times as long', async () => {
    const read = async (leads: number) => {
      const { store, during } = counting(await openWith(standard));
      const engine = engineOver(store, { ...memory, isAlone });
      await withReps(engine, [{ repId: 'ada', capacity: leads / 2 }]);
      const leadIds: string[] = [];
      for (let nth = 0; nth < leads; nth++) leadIds.push(await qualify(engine, person(nth)));
      await runAll(engine, store);
      // What is freed is given to those that wait.
      for (const [nth, leadId] of leadIds.slice(0, leads / 4).entries())
        await engine.handle(
          closeLead,
          { projectId, leadId, outcome: 'won', reason: 'Signed' },
          request(`close-${nth}`),
        );
      await runAll(engine, store);
      const facts = (await allFacts(store)).length;
      const asked = await during(() => runAll(engineOver(store, { ...memory, isAlone }), store));
      expect((await allFacts(store)).length).toBe(facts);
      await store.close();
      return { ...asked, log: facts };
    };
    const [few, many] = [await read(40), await read(160)];
    expect(many.reads).toBeLessThanOrEqual(4 * few.reads);
    // Each once, and the last of a lead's stream once more where a command has nothing to do: the store may have been put back.
    expect(many.facts).toBeLessThanOrEqual(many.log + 160 / 4);
  });
});
