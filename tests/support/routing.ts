import { z } from 'zod';
import type { Engine } from '../../src/flows/engine.ts';
import { capture } from '../../src/flows/capture.ts';
import { command } from '../../src/engine/command.ts';
import type { Aggregate, Event } from '../../src/domain/event.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import type { LeadState } from '../../src/domain/lead/lead.ts';
import { pool } from '../../src/domain/routing/pool.ts';
import type { Rep, RosterEvent } from '../../src/domain/routing/roster-events.ts';
import { roster } from '../../src/domain/routing/roster.ts';
import { workItem } from '../../src/domain/work/work-item.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import { completeMerges } from '../../src/reactors/complete-merges.ts';
import { completePlacements } from '../../src/reactors/complete-placements.ts';
import { followApprovals } from '../../src/reactors/follow-approvals.ts';
import type { Reactor } from '../../src/reactors/reactor.ts';
import { filterOf } from '../../src/reactors/reactor.ts';
import { retryWaitingLeads } from '../../src/reactors/retry-waiting.ts';
import { routeLeads } from '../../src/reactors/route-leads.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import type { WorkerContext } from '../../src/runners/context.ts';
import { follow } from '../../src/runners/reactors.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { allFacts, request } from './engine.ts';
import { activity, projectId, rep, teamAdded } from './facts.ts';

const recording = command(roster)({
  name: 'Record',
  input: z.object({ facts: z.array(z.custom<RosterEvent>()) }),
  id: () => projectId,
  decide: (_, { facts }) => facts,
});

/** Puts reps on the roster of the tests' project, all of one team that is the default; `more` is published after them. */
export const withReps = async (
  { handle }: Engine,
  reps: readonly Partial<Rep>[],
  ...more: readonly RosterEvent[]
): Promise<void> => {
  const facts: RosterEvent[] = [
    { type: 'TeamAdded', data: teamAdded().data },
    ...reps.map((each): RosterEvent => ({ type: 'RepAdded', data: rep(each) })),
    {
      type: 'RoutingRulesPublished',
      data: {
        version: 1,
        publishedAt: '2026-03-10T12:00:00.000Z',
        rules: {
          rules: [],
          sticky: { lead: true, domain: true },
          freeMailDomains: [],
          regions: {},
          defaultTeam: 'sales',
        },
      },
    },
    ...more,
  ];
  await handle(recording, { facts }, request(`roster-${reps.length}-${more.length}`));
};

/** Records facts of the roster as they are. */
export const rosterChanges = async ({ handle }: Engine, commandId: string, ...facts: readonly RosterEvent[]) =>
  handle(recording, { facts: [...facts] }, request(commandId));

/** Somebody does what qualifies at once. Resolves with the lead. */
export const qualify = async (engine: Engine, userId: string, more: object = {}): Promise<string> => {
  const did = activity({ eventId: `deal-${userId}`, eventType: 'contract_signed', ...more });
  const who = { kind: 'userId' as const, value: userId };
  const [captured] = await capture(
    engine,
    projectId,
    [{ identifiers: [who], activity: did, exactTime: true }],
    request(`qualify-${userId}`),
  );
  return captured?.leadId ?? '';
};

/** What follows from facts about leads and who has them. */
const routingReactors: readonly Reactor[] = [
  ...[completeMerges, routeLeads, completePlacements, retryWaitingLeads, followApprovals],
];

/** What reactors work with that nobody else runs beside: nothing lags, and nothing waits. */
export const contextOf = (engine: Engine, readModels: ReadModels): WorkerContext => ({
  engine,
  readModels,
  clock: engine.clock,
  othersLag: 0,
  sleep: () => Promise.resolve(),
  head: () => Promise.resolve(0),
  reached: () => Promise.resolve(),
});

/** Runs the reactors over the whole log, and over what they bring, until nothing new comes. Again: everything is delivered again. */
export const react = async (engine: Engine, store: EventStore): Promise<void> => {
  const readModels = openSqliteReadModels(':memory:');
  const context = contextOf(engine, readModels);
  try {
    for (let seen = 0; ;) {
      const facts = await allFacts(store);
      if (facts.length === seen) return;
      for (const fact of facts.slice(seen))
        for (const reactor of routingReactors)
          if (wanting(filterOf(reactor))(fact)) await follow(reactor, fact, context);
      seen = facts.length;
    }
  } finally {
    await readModels.close();
  }
};

/** Everything that the log says, folded stream by stream, and grown fact by fact. */
const foldedLog = () => {
  const states = new Map<string, unknown>();
  const stateOf = <S, E extends Event>({ name, initial }: Aggregate<S, E>, id: string): S =>
    (states.get(`${name}-${id}`) ?? initial) as S;
  const growing =
    <S, E extends Event>({ initial, evolve }: Aggregate<S, E>) =>
    (fact: Recorded): void => {
      const before = (states.get(fact.stream) ?? initial) as S;
      states.set(fact.stream, evolve(before, fact as Recorded<E>));
    };
  const growers = new Map([
    ['lead', growing(lead)],
    ['pool', growing(pool)],
    ['roster', growing(roster)],
    ['work', growing(workItem)],
  ]);
  const grow = (fact: Recorded): void => growers.get(fact.stream.split('-')[0] ?? '')?.(fact);
  const leads = (): readonly LeadState[] =>
    [...states]
      .filter(([stream]) => stream.startsWith('lead-'))
      .map(([, state]) => state as LeadState)
      .filter(({ status }) => status === 'lead');
  return { stateOf, grow, leads };
};

/**
 * What is wrong with the routing that a log tells of: at any time, a rep with more than it has room for, or a lead that waits
 * without an open work item; at the end, when all is settled, places, leads and work items that don't agree.
 */
export const routingWrongs = async (store: EventStore): Promise<readonly string[]> => {
  const wrongs = new Set<string>();
  const log = foldedLog();
  const isOpen = (workId: string): boolean => {
    const { status } = log.stateOf(workItem, `${projectId}.${workId}`);
    return status === 'open' || status === 'claimed';
  };
  const waitsUnseen = ({ leadId, ownership: { status, workIds } }: LeadState): string[] =>
    status === 'waiting' && !workIds.some(isOpen) ? [`${leadId} waits unseen`] : [];
  for (const fact of await allFacts(store)) {
    log.grow(fact);
    const { reps } = log.stateOf(roster, projectId);
    const { open, taken } = log.stateOf(pool, projectId);
    for (const [repId, count] of open)
      if (fact.type === 'LeadPlaced' && count > (reps.get(repId)?.capacity ?? 0))
        wrongs.add(`${repId} has ${count} leads`);
    for (const [repId, { today }] of taken)
      if (today > (reps.get(repId)?.perDay ?? Infinity)) wrongs.add(`${repId} got ${today} leads in a day`);
    if (fact.stream.startsWith('lead-') || fact.stream.startsWith('work-'))
      for (const each of log.leads()) for (const wrong of waitsUnseen(each)) wrongs.add(wrong);
  }
  const { places, waiting } = log.stateOf(pool, projectId);
  const living = new Map(log.leads().map((each) => [each.leadId, each.ownership]));
  for (const [leadId, { status, decision, repId, workIds }] of living) {
    const place = places.get(leadId);
    if (status === 'pending') wrongs.add(`${leadId} is pending`);
    // Until what was decided about it is followed, its item may be completed already.
    if (status === 'approval' && !workIds.some(isOpen)) wrongs.add(`${leadId} waits for approval unseen`);
    const agree = status === 'assigned' ? place?.decision === decision && place.repId === repId : place === undefined;
    if (!agree) wrongs.add(`${leadId} is ${status} by ${decision}, its place ${JSON.stringify(place)}`);
    if ((status === 'waiting') !== waiting.has(leadId)) wrongs.add(`${leadId} is ${status}, and the pool disagrees`);
    if (status !== 'waiting' && status !== 'approval')
      for (const workId of workIds) if (isOpen(workId)) wrongs.add(`${workId} is open, but the lead is ${status}`);
  }
  for (const leadId of [...places.keys(), ...waiting.keys()])
    if (!living.has(leadId)) wrongs.add(`${leadId} has a place, but is no lead`);
  for (const { type, stream } of await allFacts(store)) {
    const workId = stream.slice(`work-${projectId}.`.length);
    if (type !== 'WorkItemOpened' || !isOpen(workId)) continue;
    if (![...living.values()].some(({ workIds }) => workIds.includes(workId))) wrongs.add(`${workId} is nobody's`);
  }
  return [...wrongs];
};

/** Whose each lead is, or what it waits for, by who did what qualifies. */
export const owners = async (engine: Engine, leadIds: readonly string[]): Promise<readonly string[]> =>
  Promise.all(
    leadIds.map(async (leadId) => {
      const { status, repId } = (await engine.states.refresh(lead, `${projectId}.${leadId}`)).state.ownership;
      return status === 'assigned' ? (repId ?? '') : status;
    }),
  );
