import { describe, expect, it, onTestFinished } from 'vitest';
import { createProject } from '../../src/commands/projects/create-project.ts';
import { issueKey } from '../../src/commands/projects/issue-key.ts';
import { noCommands, withCommand } from '../../src/engine/command-index.ts';
import { keepSnapshots } from '../../src/engine/snapshots.ts';
import { project } from '../../src/domain/projects/project.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { pairsIn } from '../support/command-pairs.ts';
import { engineOver, openLog, request } from '../support/engine.ts';
import { keyIssued, projectId } from '../support/facts.ts';

const stream = `project-${projectId}`;
const issuing = (keyId: string) => ({ projectId, ...keyIssued({ keyId }).data });

/** Two command ids with one hash: of 80,000 some are. */
const twins = (): readonly [string, string] => {
  const byKey = new Map<number | undefined, string>();
  for (let nth = 0; ; nth++) {
    const [[, key] = []] = pairsIn(withCommand(noCommands, `c${nth}`, 0));
    const other = byKey.get(key);
    if (other !== undefined) return [other, `c${nth}`];
    byKey.set(key, `c${nth}`);
  }
};
const [one, other] = twins();

/** A log with a project, and how often it is read. */
const begun = async () => {
  const log = openLog();
  onTestFinished(() => log.close());
  await engineOver(log).handle(createProject, { projectId, name: 'Acme' }, request('create'));
  const count = { reads: 0 };
  const read: EventStore['read'] = async (...asked) => {
    count.reads += 1;
    return log.read(...asked);
  };
  return { store: { ...log, read }, count };
};

const openMemory = () => {
  const readModels = openSqliteReadModels(':memory:');
  onTestFinished(() => readModels.close());
  return readModels;
};

describe('Two commands whose ids have one hash', () => {
  it('are both done, and each is answered by its own facts when it comes again, here and in another process', async () => {
    const { store } = await begun();
    const here = engineOver(store);
    const first = await here.handle(issueKey, issuing('k1'), request(one));
    await here.handle(issueKey, issuing('between'), request('between'));
    const second = await here.handle(issueKey, issuing('k2'), request(other));
    expect([first, second]).toMatchObject([
      { revision: 1, events: [keyIssued({ keyId: 'k1' })] },
      { revision: 3, events: [keyIssued({ keyId: 'k2' })] },
    ]);
    for (const { handle } of [here, engineOver(store)]) {
      expect(await handle(issueKey, issuing('other'), request(other))).toMatchObject(second);
      expect(await handle(issueKey, issuing('other'), request(one))).toMatchObject(first);
    }
    expect(await store.head()).toBe(4);
  });

  it('are both done when they come at once, and again', async () => {
    const { store } = await begun();
    const { handle } = engineOver(store);
    await handle(issueKey, issuing('k1'), request(one));
    const asked = [one, other, other, one].map((commandId, nth) =>
      handle(issueKey, issuing(`n${nth}`), request(commandId)),
    );
    const revisions = (await Promise.all(asked)).map(({ revision }) => revision);
    expect(revisions).toEqual([1, 2, 2, 1]);
    const fresh = engineOver(store);
    const again = [other, one].map((commandId) => fresh.handle(issueKey, issuing('x'), request(commandId)));
    expect((await Promise.all(again)).map(({ revision }) => revision)).toEqual([2, 1]);
    expect(await store.head()).toBe(3);
  });

  it('are told apart by reading, and others are not read for', async () => {
    const { store, count } = await begun();
    const { handle } = engineOver(store);
    await handle(issueKey, issuing('k1'), request(one));
    const readsFor = async (commandId: string): Promise<number> => {
      const before = count.reads;
      await handle(issueKey, issuing(commandId), request(commandId));
      return count.reads - before;
    };
    // One for what is there, one to see that the log is the one that is remembered.
    expect([await readsFor('new'), await readsFor(other)]).toEqual([0, 2]);
    await handle(issueKey, issuing('last'), request('last'));
    expect([await readsFor(one), await readsFor('new')]).toEqual([1, 1]);
    expect(await readsFor(other)).toBe(2);
  });

  it('are told apart by what a snapshot has of them', async () => {
    const { store } = await begun();
    const readModels = openMemory();
    const snapshots = keepSnapshots(readModels);
    const { handle, states } = engineOver(store, { snapshots });
    await handle(issueKey, issuing('k1'), request(one));
    for (let nth = 0; nth < 120; nth++) await handle(issueKey, issuing(`more-${nth}`), request(`more-${nth}`));
    await states.get(project, projectId);
    await snapshots.written();
    const looked: string[] = [];
    const next = keepSnapshots(readModels, { onLookup: (outcome) => looked.push(outcome) });
    const started = engineOver(store, { snapshots: next });
    expect(await started.handle(issueKey, issuing('k2'), request(other))).toMatchObject({ revision: 122 });
    expect(await started.handle(issueKey, issuing('k2'), request(one))).toMatchObject({ revision: 1 });
    expect(looked).toEqual(['found']);
  });
});

it('A command whose facts were taken out of its stream is decided as a new one', async () => {
  const { store } = await begun();
  const { handle } = engineOver(store);
  for (const keyId of ['k1', 'k2', 'k3']) await handle(issueKey, issuing(keyId), request(keyId));
  await store.truncate(stream, 3);
  expect(await handle(issueKey, issuing('k1'), request('k1'))).toMatchObject({ events: [], revision: 3 });
  expect(await handle(issueKey, issuing('k4'), request('k2'))).toMatchObject({ revision: 4 });
  expect(await handle(issueKey, issuing('k4'), request('k3'))).toMatchObject({ revision: 3 });
});
