import { expect, it, onTestFinished } from 'vitest';
import { capture } from '../../src/flows/capture.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { keepCalendar } from '../../src/domain/routing/calendar.ts';
import { pool } from '../../src/domain/routing/pool.ts';
import { defaultReplyPolicy, responsePlan } from '../../src/domain/routing/reply-policy.ts';
import { decideRouting } from '../../src/domain/routing/routing.ts';
import { weekdays } from '../../src/domain/routing/working-time.ts';
import { leadStreamId } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import { filterOf } from '../../src/reactors/reactor.ts';
import { routeLeads } from '../../src/reactors/route-leads.ts';
import { runReactor } from '../../src/runners/reactors.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { allFacts, engineOver, openWith, request } from '../support/engine.ts';
import { routed, rosterOf, rule, rules, team } from '../support/decisions.ts';
import { activity, projectId, rep, standard, userId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';
import { contextOf, qualify, withReps } from '../support/routing.ts';

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
  const context = contextOf(engine, readModels);
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
  // A queue decides fifty commands together at most.
  expect(appends.filter((stream) => stream.startsWith('pool-')).length).toBeLessThanOrEqual(3);
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
  const waits: (string | undefined)[] = [];
  const yieldToOthers = async (whose?: string): Promise<void> => void waits.push(whose);
  await route({ ...engineOver(noted), yieldToOthers }, store);
  expect(new Set(reads)).toEqual(new Set([`pool-${projectId}`]));
  expect(appends).toEqual([]);
  expect(waits).toEqual([]);
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

/** A process that alone appends to a store and has what leads do in mind, and what routing them reads and appends then. */
const openAlone = async (reps: readonly { readonly repId: string }[]) => {
  const { store, reads, appends } = noting(await openStore());
  const engine = engineOver(store, { isAlone: true });
  await withReps(engine, reps);
  for (const person of people) await qualify(engine, person);
  reads.length = appends.length = 0;
  await route(engine, store);
  const count = (streams: readonly string[], beginning: string): number =>
    streams.filter((stream) => stream.startsWith(beginning)).length;
  return { reads, appends, count };
};

it('Where nobody else appends, leads that get a place have nothing read, and one append each', async () => {
  const { reads, appends, count } = await openAlone([{ repId: 'ada' }, { repId: 'bob' }]);
  expect(reads).toEqual([`pool-${projectId}`]);
  expect(count(appends, 'lead-')).toBe(people.length);
  expect(appends.length - people.length).toBe(count(appends, 'pool-'));
});

it('Where nobody else appends, leads that wait have nothing read, and two appends each', async () => {
  const { reads, appends, count } = await openAlone([]);
  expect(reads).toEqual([`pool-${projectId}`]);
  expect(count(appends, 'lead-')).toBe(people.length);
  expect(count(appends, 'work-')).toBe(people.length);
});

it('A decision asks the time of those whom its rule names, not of everybody, by a calendar that is made once', () => {
  const teams = Array.from({ length: 5 }, (_, n) => team({ teamId: `team-${n}` }));
  const reps = Array.from({ length: 100 }, (_, n) => rep({ repId: `rep-${n}`, teamIds: [`team-${n % 5}`] }));
  const known = rosterOf({ teams, reps, rules: rules({ rules: [rule({ to: { teams: ['team-3'] } })] }) });
  const calendarAt = keepCalendar();
  const asked: string[] = [];
  const calendar = new Map(calendarAt(known, noon));
  const get = calendar.get.bind(calendar);
  calendar.get = (repId) => {
    asked.push(repId);
    return get(repId);
  };
  decideRouting(routed(), { roster: known, pool: pool.initial, calendar });
  const theirs = reps.filter(({ teamIds }) => teamIds.includes('team-3')).map(({ repId }) => repId);
  expect(asked.toSorted()).toEqual(theirs.toSorted());
  expect(calendarAt(known, new Date(noon.getTime() + 1_000))).toBe(calendarAt(known, noon));
});

it('The reply of a rep who works around the clock is planned without a look at the year ahead', () => {
  const always = [{ from: '00:00', to: '24:00' }];
  let asked = 0;
  const week = new Proxy(Object.fromEntries(weekdays.map((day) => [day, always])), {
    get: (days, day) => {
      asked += 1;
      return Reflect.get(days, day) as typeof always;
    },
  });
  const plan = responsePlan(defaultReplyPolicy, { hours: { timeZone: 'UTC', week, holidays: [] }, timeOff: [] }, noon);
  expect(plan?.dueAt).toBe(new Date(noon.getTime() + 30 * 60_000).toISOString());
  expect(asked).toBeLessThan(10);
});
