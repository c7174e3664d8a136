import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { command, unrepeatable } from '../../src/engine/command.ts';
import { createProject } from '../../src/commands/projects/create-project.ts';
import type { Outcome } from '../../src/engine/handle.ts';
import { StaleRevision, TooManyConflicts } from '../../src/engine/errors.ts';
import { pacing } from '../../src/engine/pacing.ts';
import { issueKey } from '../../src/commands/projects/issue-key.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { recordActivities } from '../../src/commands/lead/record-activities.ts';
import { revokeKey } from '../../src/commands/projects/revoke-key.ts';
import type { Event } from '../../src/domain/event.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { project } from '../../src/domain/projects/project.ts';
import { Rejection } from '../../src/domain/rejection.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { breaking, engineOver, openLog, request } from '../support/engine.ts';
import {
  activity,
  anonymousId,
  idOf,
  keyIssued,
  projectId,
  scoringModelPublished,
  standard,
} from '../support/facts.ts';
import { factsIn } from '../support/facts-in.ts';

const stream = `project-${projectId}`;
const creating = { projectId, name: 'Acme' };
const issuing = (keyId: string) => ({ projectId, ...keyIssued({ keyId }).data });
const revoking = (keyId: string) => ({ projectId, keyId });

const log = (): EventStore => {
  const store = openLog();
  onTestFinished(() => store.close());
  return store;
};

/** A log with a project in it. */
const begun = async (): Promise<EventStore> => {
  const store = log();
  await engineOver(store).handle(createProject, creating, request('create'));
  return store;
};

/** Counts the calls, and does something else before each append. */
const watched = (store: EventStore, before: () => Promise<unknown> = async () => undefined) => {
  const calls = { reads: 0, appends: 0 };
  const seen: EventStore = {
    ...store,
    read: async (...args) => {
      calls.reads += 1;
      return store.read(...args);
    },
    append: async (...args) => {
      calls.appends += 1;
      await before();
      return store.append(...args);
    },
  };
  return { seen, calls };
};

const keysIn = async (store: EventStore): Promise<readonly string[]> =>
  [...(await engineOver(store).states.get(project, projectId)).state.keys.keys()].sort();

describe('A command', () => {
  it('records its facts with who asked and why, and tells where they are', async () => {
    const store = await begun();
    const asked = request('c1', { correlationId: 'r1', actor: 'key:k0', traceparent: '00-1-2-01' });
    const outcome = await engineOver(store).handle(issueKey, issuing('k1'), asked);
    expect(outcome).toMatchObject({ revision: 1, position: 2, events: [keyIssued()] });
    const [fact] = await factsIn(store, stream, 0);
    expect(fact).toMatchObject({ ...keyIssued(), stream, revision: 1, position: 2 });
    expect(fact?.metadata).toEqual({
      commandId: 'c1',
      correlationId: 'r1',
      causationId: 'c1',
      actor: 'key:k0',
      traceparent: '00-1-2-01',
      version: 1,
    });
  });

  it('tells its cause when it has another', async () => {
    const store = await begun();
    await engineOver(store).handle(issueKey, issuing('k1'), request('c1', { causationId: 'e7' }));
    expect((await factsIn(store, stream, 0))[0]?.metadata.causationId).toBe('e7');
  });

  it('that has nothing to do appends nothing, and tells a position that has everything', async () => {
    const store = await begun();
    const { handle } = engineOver(store);
    await handle(issueKey, issuing('k1'), request('c1'));
    expect(await handle(issueKey, issuing('k1'), request('c2'))).toEqual({ events: [], revision: 1, position: 2 });
    expect(await store.head()).toBe(2);
  });

  it('passes on the domain’s no, and appends nothing', async () => {
    const store = await begun();
    const attempt = engineOver(store).handle(revokeKey, revoking('k9'), request('c1'));
    await expect(attempt).rejects.toThrow(Rejection);
    await expect(attempt).rejects.toMatchObject({ code: 'key-unknown' });
    expect(await store.head()).toBe(1);
  });

  it('usually costs one append and no read', async () => {
    const { seen, calls } = watched(await begun());
    const { handle } = engineOver(seen);
    await handle(issueKey, issuing('k1'), request('c1'));
    expect(calls).toEqual({ reads: 1, appends: 1 });
    await handle(issueKey, issuing('k2'), request('c2'));
    expect(calls).toEqual({ reads: 1, appends: 2 });
  });
});

describe('A command that is sent again', () => {
  it('is answered by its own facts, and reads no more of a long stream than a few of those after them', async () => {
    const store = await begun();
    const first = await engineOver(store).handle(issueKey, issuing('k1'), request('c1'));
    const writer = engineOver(store);
    for (let n = 0; n < 200; n++) await writer.handle(issueKey, issuing(`more-${n}`), request(`more-${n}`));
    const read: number[] = [];
    const counting = engineOver({
      ...store,
      read: async (...args) => {
        const page = await store.read(...args);
        if (args[1] !== -1) read.push(page.events.length);
        return page;
      },
    });
    const again = await counting.handle(issueKey, issuing('k1'), request('c1'));
    expect(again).toMatchObject({ revision: first.revision, events: first.events });
    expect(read.length).toBeGreaterThan(0);
    expect(Math.max(...read)).toBeLessThan(50);
  });

  it('gets the same answer, in this process and in any other, and appends nothing', async () => {
    const store = await begun();
    const here = engineOver(store);
    const first = await here.handle(issueKey, issuing('k1'), request('c1'));
    await here.handle(issueKey, issuing('k2'), request('c2'));
    for (const { handle } of [here, engineOver(store)]) {
      const again = await handle(issueKey, issuing('k1'), request('c1'));
      expect(again).toMatchObject({ revision: first.revision, position: first.position });
      expect(again.events).toMatchObject(first.events);
    }
    expect(await store.head()).toBe(3);
  });

  it('gets all the facts it recorded, and none of others', async () => {
    const store = log();
    const input = {
      projectId,
      leadId: idOf(anonymousId()),
      capture: anonymousId(),
      identifiers: [],
      refused: [],
      scoring: standard,
    };
    const { handle } = engineOver(store);
    const first = await handle(recordActivities, { ...input, activities: [activity()] }, request('c1'));
    await handle(recordActivities, { ...input, activities: [activity({ eventId: 'e2' })] }, request('c2'));
    const again = await engineOver(store).handle(
      recordActivities,
      { ...input, activities: [activity()] },
      request('c1'),
    );
    expect(again.events.map(({ type }) => type)).toEqual(['LeadCaptured', 'ActivityRecorded', 'LeadScored']);
    expect(again).toMatchObject({ revision: first.revision, position: first.position });
  });

  it('gets the same answer when it was sent twice at once, here and there', async () => {
    const store = await begun();
    const [here, there] = [engineOver(store), engineOver(store)];
    const answers = await Promise.all(
      [here, there, here, there].map(({ handle }) => handle(issueKey, issuing('k1'), request('c1'))),
    );
    expect(new Set(answers.map(({ revision, position }) => `${revision} ${position}`))).toEqual(new Set(['1 2']));
    expect(await store.head()).toBe(2);
  });

  it('gets the same answer when the revision that the caller saw is stale by now', async () => {
    const store = await begun();
    const { handle } = engineOver(store);
    const first = await handle(issueKey, issuing('k1'), request('c1', { expected: 0 }));
    await handle(issueKey, issuing('k2'), request('c2'));
    for (const engine of [engineOver(store), { handle }]) {
      const again = await engine.handle(issueKey, issuing('k1'), request('c1', { expected: 0 }));
      expect(again).toMatchObject({ revision: first.revision, position: first.position });
    }
    expect(await store.head()).toBe(3);
  });

  it('gets the same answer when it would be rejected by now', async () => {
    const store = await begun();
    const { handle } = engineOver(store);
    await handle(issueKey, issuing('k1'), request('c1'));
    await handle(revokeKey, revoking('k1'), request('c2'));
    expect((await handle(revokeKey, revoking('k1'), request('c2'))).revision).toBe(2);
    await expect(handle(revokeKey, revoking('k1'), request('c3'))).rejects.toThrow(Rejection);
  });

  it('is answered when the connection broke after the append, and done when it broke before', async () => {
    for (const when of ['before', 'after'] as const) {
      const store = await begun();
      const { handle } = engineOver(breaking(store, 1, when).store);
      await expect(handle(issueKey, issuing('k1'), request('c1'))).rejects.toThrow(StoreUnavailable);
      expect(await handle(issueKey, issuing('k1'), request('c1'))).toMatchObject({ revision: 1, position: 2 });
      expect(await store.head()).toBe(2);
    }
  });
});

describe('A command with the revision that the caller saw', () => {
  it('is done when it is the stream’s', async () => {
    const store = await begun();
    expect(await engineOver(store).handle(issueKey, issuing('k1'), request('c1', { expected: 0 }))).toMatchObject({
      revision: 1,
    });
    const none = engineOver(log()).handle(createProject, creating, request('c1', { expected: -1 }));
    expect(await none).toMatchObject({ revision: 0 });
  });

  it.each([-1, 1, 7])('is refused when it is not: %i', async (expected) => {
    const store = await begun();
    const attempt = engineOver(store).handle(issueKey, issuing('k1'), request('c1', { expected }));
    await expect(attempt).rejects.toThrow(StaleRevision);
    expect(await store.head()).toBe(1);
  });

  it('is compared with the store, not with what this process remembers', async () => {
    const store = await begun();
    const [here, there] = [engineOver(store), engineOver(store)];
    await there.states.get(project, projectId);
    await here.handle(issueKey, issuing('k1'), request('c1'));
    await expect(there.handle(issueKey, issuing('k2'), request('c2', { expected: 0 }))).rejects.toThrow(StaleRevision);
    expect(await there.handle(issueKey, issuing('k3'), request('c3', { expected: 1 }))).toMatchObject({ revision: 2 });
  });

  it('is refused when another process gets in between, and not tried again', async () => {
    const store = await begun();
    const other = engineOver(store);
    const { seen, calls } = watched(store, () => other.handle(issueKey, issuing('k9'), request('other')));
    const attempt = engineOver(seen).handle(issueKey, issuing('k1'), request('c1', { expected: 0 }));
    await expect(attempt).rejects.toThrow(StaleRevision);
    expect(calls.appends).toBe(1);
  });
});

describe('Commands of two processes', () => {
  /** A process whose appends each come too late, as long as the other one has keys left to issue. */
  const overtaken = (store: EventStore, times: number) => {
    const other = engineOver(store);
    let left = times;
    return watched(store, async () => {
      left -= 1;
      if (left >= 0) await other.handle(issueKey, issuing(`o${left}`), request(`other-${left}`));
    });
  };

  it('are tried again when the other one was first, up to five times', async () => {
    const store = await begun();
    const { seen, calls } = overtaken(store, 4);
    expect(await engineOver(seen).handle(issueKey, issuing('k1'), request('c1'))).toMatchObject({ revision: 5 });
    expect(calls.appends).toBe(5);
    expect(await keysIn(store)).toEqual(['k1', 'o0', 'o1', 'o2', 'o3']);
  });

  it('are given up after the fifth, with nothing appended', async () => {
    const store = await begun();
    const { seen, calls } = overtaken(store, 99);
    await expect(engineOver(seen).handle(issueKey, issuing('k1'), request('c1'))).rejects.toThrow(TooManyConflicts);
    expect(calls.appends).toBe(5);
    expect(await keysIn(store)).not.toContain('k1');
  });

  it('are decided anew on what the other one did', async () => {
    const store = await begun();
    const other = engineOver(store);
    const { seen } = watched(store, () => other.handle(issueKey, issuing('k1'), request('other')));
    expect((await engineOver(seen).handle(issueKey, issuing('k1'), request('c1'))).events).toEqual([]);
    expect(await store.head()).toBe(2);
  });

  it('are not rejected because of what is no longer so', async () => {
    const store = log();
    const [here, there] = [engineOver(store), engineOver(store)];
    await there.states.get(project, projectId);
    await here.handle(createProject, creating, request('create'));
    expect(await there.handle(issueKey, issuing('k1'), request('c1'))).toMatchObject({ revision: 1 });
  });

  it('do not find that nothing is to do because of what is no longer so', async () => {
    const store = await begun();
    const [here, there] = [engineOver(store), engineOver(store)];
    await here.handle(issueKey, issuing('k1'), request('c1'));
    await there.states.get(project, projectId);
    await here.handle(revokeKey, revoking('k1'), request('c2'));
    expect((await there.handle(issueKey, issuing('k1'), request('c3'))).events).toHaveLength(1);
  });
});

describe('Commands of one process', () => {
  it('that wait for one stream share an append, and each hears of its own facts', async () => {
    const { seen, calls } = watched(await begun());
    const { handle } = engineOver(seen);
    const no = handle(revokeKey, revoking('none'), request('no')).catch((error: unknown) => error);
    const answers = Array.from({ length: 40 }, (_, n) => handle(issueKey, issuing(`k${n}`), request(`c${n}`)));
    expect(await no).toMatchObject({ code: 'key-unknown' });
    for (const [n, { events, revision, position }] of (await Promise.all(answers)).entries()) {
      expect(events).toMatchObject([{ ...keyIssued({ keyId: `k${n}` }), metadata: { commandId: `c${n}` } }]);
      expect({ revision, position }).toEqual({ revision: n + 1, position: 41 });
    }
    expect(calls).toEqual({ reads: 1, appends: 1 });
  });

  it('that nobody can send again are all done, though they have one id and share an append', async () => {
    const { seen, calls } = watched(await begun());
    const { handle } = engineOver(seen);
    const answers = ['k1', 'k2', 'k1'].map((key) => handle(issueKey, issuing(key), request(unrepeatable('one'))));
    expect((await Promise.all(answers)).map(({ revision, events }) => [revision, events.length])).toEqual([
      [1, 1],
      [2, 1],
      [2, 0],
    ]);
    expect(calls.appends).toBe(1);
  });

  it('that are dear have an append and a turn of the event loop each', async () => {
    const { seen, calls } = watched(await begun());
    const { handle } = engineOver(seen, { pace: pacing(Number.MIN_VALUE) });
    const answers = Array.from({ length: 5 }, (_, n) => handle(issueKey, issuing(`k${n}`), request(`c${n}`)));
    expect((await Promise.all(answers)).map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
    expect(calls.appends).toBe(5);
  });

  it('that wait for one stream come to what they come to one after the other', async () => {
    const asked = fc.record({
      revoke: fc.boolean(),
      key: fc.nat({ max: 3 }),
      commandId: fc.nat({ max: 12 }),
      expected: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
    });
    const told = async (outcome: Promise<Outcome<Event>>) =>
      outcome.then(
        ({ events, revision }) => ({ events: events.map(({ type, data }) => ({ type, data })), revision }),
        (error: unknown) => String(error),
      );
    const commands = fc.array(asked, { maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const asking =
          ({ handle }: Engine) =>
          ({ revoke, key, commandId, expected }: (typeof all)[number]) => {
            const by = request(`c${commandId}`, expected === undefined ? {} : { expected });
            return told(revoke ? handle(revokeKey, revoking(`k${key}`), by) : handle(issueKey, issuing(`k${key}`), by));
          };
        const [together, inTurn] = [await begun(), await begun()];
        const [ask, wait] = [asking(engineOver(together)), asking(engineOver(inTurn))];
        const answers = await Promise.all(all.map(ask));
        const expected: unknown[] = [];
        for (const each of all) expected.push(await wait(each));
        expect(answers).toEqual(expected);
        const facts = async (store: EventStore) =>
          (await factsIn(store, stream)).map(({ type, data, metadata }) => ({ type, data, metadata }));
        expect(await facts(together)).toEqual(await facts(inTurn));
      }),
      { numRuns: 50 },
    );
  });

  it('share an append only as far as every store takes one', async () => {
    const { seen, calls } = watched(log());
    const { handle } = engineOver(seen);
    const input = (n: number) => ({
      projectId,
      leadId: idOf(anonymousId()),
      capture: anonymousId(),
      identifiers: [],
      refused: [],
      activities: [activity({ eventId: `e${n}`, properties: { text: 'x'.repeat(100_000) } })],
      scoring: standard,
    });
    const all = Array.from({ length: 6 }, (_, n) => handle(recordActivities, input(n), request(`c${n}`)));
    for (const { events } of await Promise.all(all)) expect(events.map(({ type }) => type)).toContain('LeadScored');
    expect(calls.appends).toBe(3);
  });

  it('do not fail for what is wrong with the facts of another one', async () => {
    const store = await begun();
    const { handle } = engineOver(store);
    const wrong = command(project)({
      name: 'Wrong',
      input: z.object({}),
      id: () => projectId,
      decide: () => [scoringModelPublished({ version: 0 })],
    });
    const attempts = await Promise.allSettled([
      handle(issueKey, issuing('k1'), request('c1')),
      handle(wrong, {}, request('c2')),
      handle(issueKey, issuing('k2'), request('c3')),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await keysIn(store)).toEqual(['k1', 'k2']);
  });

  it('that shared an append all hear that the store is away, and are done when they come again', async () => {
    for (const when of ['before', 'after'] as const) {
      const store = await begun();
      const { handle } = engineOver(breaking(store, 1, when).store);
      const ask = () => Array.from({ length: 3 }, (_, n) => handle(issueKey, issuing(`k${n}`), request(`c${n}`)));
      for (const { status } of await Promise.allSettled(ask())) expect(status).toBe('rejected');
      expect((await Promise.all(ask())).map(({ revision }) => revision)).toEqual([1, 2, 3]);
      expect(await keysIn(store)).toEqual(['k0', 'k1', 'k2']);
      expect(await store.head()).toBe(4);
    }
  });

  it('on different streams do not wait for each other', async () => {
    const store = log();
    let release: () => void = () => undefined;
    const stuck = new Promise<void>((resolve) => (release = resolve));
    const seen: EventStore = {
      ...store,
      append: async (name, ...rest) => {
        if (name === 'project-slow') await stuck;
        return store.append(name, ...rest);
      },
    };
    const { handle } = engineOver(seen);
    const slow = handle(createProject, { projectId: 'slow', name: 'Slow' }, request('c1'));
    expect(await handle(createProject, { projectId: 'quick', name: 'Quick' }, request('c2'))).toMatchObject({
      revision: 0,
    });
    release();
    expect(await slow).toMatchObject({ revision: 0, position: 2 });
  });
});

describe('The memory of states', () => {
  const input = (eventId: string, n: number) => ({
    projectId,
    leadId: idOf(anonymousId(`a${n}`)),
    capture: anonymousId(`a${n}`),
    identifiers: [],
    refused: [],
    activities: [activity({ eventId })],
    scoring: standard,
  });

  it.each([1, 5_000, 10_000_000])('of %i bytes gives the same leads', async (maxBytes) => {
    const store = log();
    const { handle, states } = engineOver(store, { maxBytes });
    for (let n = 0; n < 60; n++) await handle(recordActivities, input(`e${n % 20}`, n % 7), request(`c${n}`));
    for (let n = 0; n < 7; n++) {
      const { state, revision } = await states.get(lead, `${projectId}.${idOf(anonymousId(`a${n}`))}`);
      const expected = new Set(
        Array.from({ length: 60 }, (_, at) => at)
          .filter((at) => at % 7 === n)
          .map((at) => at % 20),
      );
      expect(state.activities.size).toBe(expected.size);
      expect(state.scored.score).toBe(5 * expected.size);
      expect(revision).toBe((await factsIn(store, `lead-${projectId}.${idOf(anonymousId(`a${n}`))}`)).length - 1);
    }
  });

  it('keeps what was used last, within its budget', async () => {
    const { seen, calls } = watched(log());
    const { handle, states } = engineOver(seen, { maxBytes: 20_000 });
    for (let n = 0; n < 50; n++) await handle(recordActivities, input('e1', n), request(`c${n}`));
    calls.reads = 0;
    await states.get(lead, `${projectId}.${idOf(anonymousId('a49'))}`);
    expect(calls.reads).toBe(0);
    await states.get(lead, `${projectId}.${idOf(anonymousId('a0'))}`);
    expect(calls.reads).toBe(1);
  });

  it('is never thrown back by an answer that comes late', async () => {
    const store = await begun();
    const held: (() => void)[] = [];
    let hold = false;
    const seen: EventStore = {
      ...store,
      read: async (...args) => {
        const slow = hold;
        const events = await store.read(...args);
        if (slow) await new Promise<void>((resolve) => held.push(resolve));
        return events;
      },
    };
    const { handle, states } = engineOver(seen);
    await handle(issueKey, issuing('k1'), request('c1'));
    hold = true;
    const late = states.refresh(project, projectId);
    hold = false;
    await handle(issueKey, issuing('k2'), request('c2'));
    for (const release of held) release();
    await late;
    expect((await states.get(project, projectId)).revision).toBe(2);
  });
});
