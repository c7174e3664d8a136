import { expect, it, onTestFinished } from 'vitest';
import { createProject } from '../../src/commands/projects/create-project.ts';
import { project } from '../../src/domain/projects/project.ts';
import { alone } from '../../src/engine/alone.ts';
import { doubting } from '../../src/engine/doubt.ts';
import { handling } from '../../src/engine/handle.ts';
import { foldStates } from '../../src/engine/states.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { breaking, openLog, request } from '../support/engine.ts';
import { projectId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const openStore = (): EventStore => {
  const store = openLog();
  onTestFinished(() => store.close());
  return store;
};

/** The only process that appends to a store, and how often it read from that. */
const processOver = (log: EventStore) => {
  const count = { reads: 0 };
  const read: EventStore['read'] = (...asked) => {
    count.reads += 1;
    return log.read(...asked);
  };
  const { store, states } = doubting({ ...log, read }, foldStates({ ...log, read }, 1_000_000));
  const ids = Array.from({ length: 10 }, (_, index) => `00000000-0000-4000-8000-00000000000${index}`).values();
  const newId = (): string => ids.next().value ?? '';
  return { handle: handling({ store, states, clock: () => noon, newId }), states: alone(states), count };
};

const named = (name: string) => ({ projectId, name });

it('A process that alone appends to a store does not look for what others appended', async () => {
  const { handle, states, count } = processOver(openStore());
  await handle(createProject, named('Acme'), request('create'));
  count.reads = 0;
  expect((await states.refresh(project, projectId)).revision).toBe(0);
  expect(count.reads).toBe(0);
});

it('It reads what it does not remember', async () => {
  const store = openStore();
  await processOver(store).handle(createProject, named('Acme'), request('create'));
  const { states, count } = processOver(store);
  expect((await states.refresh(project, projectId)).revision).toBe(0);
  expect(count.reads).toBe(1);
});

it.each([
  ['was written', 'after', 0],
  ['was not written', 'before', -1],
] as const)('It looks at the store after an append that failed and %s, until it could', async (_, when, revision) => {
  const { store } = breaking(openStore(), 1, when);
  const { handle, states, count } = processOver(store);
  await states.get(project, projectId);
  await expect(handle(createProject, named('Acme'), request('create'))).rejects.toThrow(StoreUnavailable);
  expect((await states.refresh(project, projectId)).revision).toBe(revision);
  count.reads = 0;
  expect((await states.refresh(project, projectId)).revision).toBe(revision);
  expect(count.reads).toBe(0);
});

it('Nothing is decided on what is in doubt until the store answers', async () => {
  const log = openStore();
  await processOver(log).handle(createProject, named('Acme'), request('create'));
  const away = { is: false, reads: 0 };
  const mustBeThere = (): void => {
    if (away.is) throw new StoreUnavailable('It is away');
  };
  const store: EventStore = {
    ...log,
    append: async (...asked) => {
      mustBeThere();
      return log.append(...asked);
    },
    read: async (...asked) => {
      away.reads += 1;
      mustBeThere();
      return log.read(...asked);
    },
  };
  const { handle } = processOver(store);
  let decided = 0;
  const rename: typeof createProject = {
    ...createProject,
    decide: () => {
      decided += 1;
      return [{ type: 'KeyRevoked', data: { keyId: 'k' } }];
    },
  };
  await handle(rename, named('Acme'), request('first'));
  away.is = true;
  for (let n = 0; n < 5; n++) await expect(handle(rename, named('Acme'), request(`away-${n}`))).rejects.toThrow('away');
  expect(decided).toBe(2);
  away.is = false;
  expect(await handle(rename, named('Acme'), request('back'))).toMatchObject({ revision: 2 });
  expect(decided).toBe(3);
  away.reads = 0;
  await handle(rename, named('Acme'), request('after'));
  expect(away.reads).toBe(0);
});

it('It looks at each stream once after more appends failed than it remembers one by one', async () => {
  const log = openStore();
  await processOver(log).handle(createProject, named('Acme'), request('create'));
  const broken = { ...log, append: () => Promise.reject(new StoreUnavailable('It is away')) };
  const count = { reads: 0 };
  const read: EventStore['read'] = (...asked) => {
    count.reads += 1;
    return log.read(...asked);
  };
  const { store, states: doubted } = doubting({ ...broken, read }, foldStates({ ...log, read }, 10_000_000));
  const states = alone(doubted);
  await states.get(project, projectId);
  for (let n = 0; n < 10_001; n++) await store.append(`lead-${n}`, -1, []).catch(() => undefined);
  count.reads = 0;
  for (let looks = 0; looks < 3; looks++) await states.refresh(project, projectId);
  expect(count.reads).toBe(1);
});

it('It appends although others did, whatever is said', async () => {
  const store = openStore();
  const { handle, states } = processOver(store);
  await states.get(project, projectId);
  await processOver(store).handle(createProject, named('Acme'), request('create'));
  await expect(handle(createProject, named('Other'), request('other'))).rejects.toMatchObject({
    code: 'project-exists',
  });
});
