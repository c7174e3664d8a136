import { expect, it, onTestFinished } from 'vitest';
import { capture } from '../../src/flows/capture.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { leadStreamId } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import { filterOf } from '../../src/reactors/reactor.ts';
import { routeLeads } from '../../src/reactors/route-leads.ts';
import { runReactor } from '../../src/runners/reactors.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { allFacts, engineOver, openWith, request } from '../support/engine.ts';
import { activity, projectId, standard, userId } from '../support/facts.ts';
import { qualify, withReps } from '../support/routing.ts';

const people = Array.from({ length: 64 }, (_, index) => `person-${index}`);

const openStore = async (): Promise<EventStore> => {
  const store = await openWith(standard);
  onTestFinished(() => store.close());
  return store;
};

/** A store that notes the streams that are read and appended to. */
const noting = (store: EventStore) => {
  const [reads, appends]: [string[], string[]] = [[], []];
  const noted: EventStore = {
    ...store,
    read: async (stream, ...rest) => {
      reads.push(stream);
      return store.read(stream, ...rest);
    },
    append: async (stream, ...rest) => {
      appends.push(stream);
      return store.append(stream, ...rest);
    },
  };
  return { store: noted, reads, appends };
};

/** Routes what one batch with all facts of the log asks for. */
const route = async (engine: Engine, store: EventStore): Promise<void> => {
  const readModels = openSqliteReadModels(':memory:');
  const context = {
    engine,
    readModels,
    clock: engine.clock,
    othersLag: 0,
    sleep: async () => undefined,
    head: async () => 0,
    reached: async () => undefined,
  };
  const events = (await allFacts(store)).filter(wanting(filterOf(routeLeads)));
  await runReactor(routeLeads, context)({ events, position: 1 });
  await readModels.close();
};

it('Leads that qualify at once share appends to the pool that decides', async () => {
  const store = await openStore();
  for (const person of people) await qualify(engineOver(store), person);
  const { store: noted, appends } = noting(store);
  const engine = engineOver(noted);
  await route(engine, store);
  expect(appends.filter((stream) => stream.startsWith('pool-')).length).toBeLessThan(people.length / 4);
  for (const person of people) {
    const { state } = await engine.states.get(lead, leadStreamId(projectId, leadIdOf(projectId, userId(person))));
    expect(state.ownership.status).toBe('waiting');
  }
});

it('What leads do that do not wait costs routing no look at any of them', async () => {
  const store = await openStore();
  const does = (person: string, eventType: string) => ({
    identifiers: [userId(person)] as const,
    activity: activity({ eventId: `${eventType}-${person}`, eventType, traits: { company: `${person} Ltd` } }),
    exactTime: true,
  });
  const all = people.flatMap((person) => [does(person, 'signup'), does(person, 'page_view')]);
  await capture(engineOver(store), projectId, all, request('capture'));
  const changes = (await allFacts(store)).filter(({ type }) => type === 'StageChanged' || type === 'ProfileUpdated');
  expect(changes.length).toBeGreaterThan(people.length);
  const { store: noted, reads, appends } = noting(store);
  await route(engineOver(noted), store);
  expect(new Set(reads)).toEqual(new Set([`pool-${projectId}`]));
  expect(appends).toEqual([]);
});

it('A lead that gets a place has the roster read once for it', async () => {
  const store = await openStore();
  await withReps(engineOver(store), [{ repId: 'ada' }]);
  await qualify(engineOver(store), 'person');
  const { store: noted, reads } = noting(store);
  const engine = engineOver(noted);
  await route(engine, store);
  const { state } = await engine.states.get(lead, leadStreamId(projectId, leadIdOf(projectId, userId('person'))));
  expect(state.ownership).toMatchObject({ status: 'assigned', repId: 'ada' });
  expect(reads.filter((stream) => stream === `roster-${projectId}`)).toHaveLength(1);
});
