import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createProject } from '../../src/commands/projects/create-project.ts';
import { issueKey } from '../../src/commands/projects/issue-key.ts';
import { project } from '../../src/domain/projects/project.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { engineOver, openLog, request } from '../support/engine.ts';
import { keyIssued, projectId } from '../support/facts.ts';

const creating = { projectId, name: 'Acme' };
const issuing = (keyId: string) => ({ projectId, ...keyIssued({ keyId }).data });

/** A store that can be put back to what it was before, as from a backup, while engines run over it. */
const putBackable = () => {
  const opened = { store: openLog() };
  onTestFinished(() => opened.store.close());
  const store: EventStore = {
    read: (...args) => opened.store.read(...args),
    at: (...args) => opened.store.at(...args),
    append: (...args) => opened.store.append(...args),
    follow: (...args) => opened.store.follow(...args),
    scan: (...args) => opened.store.scan(...args),
    truncate: (...args) => opened.store.truncate(...args),
    head: () => opened.store.head(),
    state: () => opened.store.state(),
    close: async () => undefined,
  };
  const putBack = async (facts: number): Promise<void> => {
    const before = opened.store;
    opened.store = openLog();
    const { events } = await before.read(`project-${projectId}`, -1, facts);
    for (const { id, type, data, metadata, stream, revision } of events)
      await opened.store.append(stream, revision - 1, [{ id, type, data, metadata }]);
    await before.close();
  };
  return { store, putBack };
};

const keysIn = async (store: EventStore): Promise<readonly string[]> =>
  [...(await engineOver(store).states.get(project, projectId)).state.keys.keys()].sort();

describe('A store that is put back to an older backup while the engine runs', () => {
  it('takes a command on what it knew as if it had never known it', async () => {
    const { store, putBack } = putBackable();
    const { handle } = engineOver(store);
    await handle(createProject, creating, request('create'));
    for (const key of ['k1', 'k2', 'k3']) await handle(issueKey, issuing(key), request(key));
    await putBack(2);
    expect(await handle(issueKey, issuing('k4'), request('k4'))).toMatchObject({ revision: 2 });
    expect(await handle(issueKey, issuing('k2'), request('k2'))).toMatchObject({ revision: 3 });
    expect(await keysIn(store)).toEqual(['k1', 'k2', 'k4']);
  });

  it('has recorded what it lost when it is asked again, also before anybody knows', async () => {
    const { store, putBack } = putBackable();
    const { handle } = engineOver(store);
    await handle(createProject, creating, request('create'));
    await handle(issueKey, issuing('k1'), request('k1'));
    await putBack(1);
    // The same command, and another that finds that nothing is to do.
    expect((await handle(issueKey, issuing('k1'), request('k1'))).events).toHaveLength(1);
    await putBack(1);
    await handle(issueKey, issuing('k2'), request('k2'));
    await putBack(1);
    expect((await handle(issueKey, issuing('k2'), request('another'))).events).toHaveLength(1);
    expect(await keysIn(store)).toEqual(['k2']);
  });

  it('answers what it lost as another process that was first with it', async () => {
    const { store, putBack } = putBackable();
    const [other, before] = [engineOver(store), { append: async (): Promise<unknown> => undefined }];
    const append: EventStore['append'] = async (...args) => {
      await before.append();
      return store.append(...args);
    };
    const { handle } = engineOver({ ...store, append });
    await handle(createProject, creating, request('create'));
    const lost = await handle(issueKey, issuing('k1'), request('k1'));
    await putBack(1);
    before.append = () => other.handle(issueKey, issuing('k1'), request('k1'));
    const again = await handle(issueKey, issuing('k1'), request('k1'));
    expect(again).toMatchObject({ revision: lost.revision, events: [{ metadata: { commandId: 'k1' } }] });
    expect(await store.head()).toBe(2);
  });

  it('decides nothing on facts that are gone, however many others were recorded in their place', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(6), fc.nat(6), fc.nat(12), async (kept, lost, others) => {
        const { store, putBack } = putBackable();
        const [one, other] = [engineOver(store), engineOver(store)];
        await one.handle(createProject, creating, request('create'));
        for (let n = 0; n < kept; n++) await one.handle(issueKey, issuing(`kept${n}`), request(`kept${n}`));
        for (let n = 0; n < lost; n++) await one.handle(issueKey, issuing(`lost${n}`), request(`lost${n}`));
        await putBack(1 + kept);
        for (let n = 0; n < others; n++) await other.handle(issueKey, issuing(`other${n}`), request(`other${n}`));
        await one.states.forgetLost();
        await one.handle(issueKey, issuing('late'), request('late'));
        const remembered = (await one.states.get(project, projectId)).state;
        expect([...remembered.keys.keys()].sort()).toEqual(await keysIn(store));
        expect([...remembered.keys.keys()].some((key) => key.startsWith('lost'))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it('has what is sent again recorded, once it was compared with what is remembered', async () => {
    const { store, putBack } = putBackable();
    const { handle, states } = engineOver(store);
    await handle(createProject, creating, request('create'));
    await handle(issueKey, issuing('k1'), request('k1'));
    expect(await states.forgetLost()).toBe(false);
    await putBack(1);
    expect(await states.forgetLost()).toBe(true);
    expect(await states.forgetLost()).toBe(false);
    expect((await handle(issueKey, issuing('k1'), request('k1'))).events).toHaveLength(1);
    expect(await keysIn(store)).toEqual(['k1']);
  });
});

describe('Commands that wait for a stream of a store that is away', () => {
  it.each(['read', 'append'] as const)('are all answered when the first %s was given up', async (call) => {
    const store = openLog();
    onTestFinished(() => store.close());
    await engineOver(store).handle(createProject, creating, request('create'));
    const { promise: late, reject: giveUp } = Promise.withResolvers<never>();
    let calls = 0;
    const silent = async (): Promise<never> => {
      calls += 1;
      return late;
    };
    const { handle } = engineOver({ ...store, [call]: silent });
    const asked = Array.from({ length: 120 }, (_, n) => handle(issueKey, issuing(`k${n}`), request(`c${n}`)));
    const ended = Promise.allSettled(asked);
    while (calls === 0) await new Promise(setImmediate);
    giveUp(new StoreUnavailable('No answer'));
    expect((await ended).map(({ status }) => status)).toEqual(asked.map(() => 'rejected'));
    expect(calls).toBe(1);
  });
});
