import { describe, expect, it, onTestFinished } from 'vitest';
import { assignLead } from '../../src/commands/routing/assign-lead.ts';
import type { Engine } from '../../src/flows/engine.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { sleep } from '../../src/runners/waiting.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { checkpointOf } from '../../src/reactors/reactor.ts';
import { routeLeads } from '../../src/reactors/route-leads.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import type { Ticking } from '../../src/runners/deadlines.ts';
import { startTicking } from '../../src/runners/deadlines.ts';
import { testClock } from '../support/app.ts';
import { engineOver, openLog, request, slow } from '../support/engine.ts';
import { leadAssigned, projectId, responseDue } from '../support/facts.ts';
import { qualify } from '../support/routing.ts';
import { factsIn } from '../support/facts-in.ts';

const time = (clock: string): string => `2026-03-10T${clock}:00.000Z`;

const steps = [
  { at: time('12:30'), action: 'notify' as const },
  { at: time('12:45'), action: 're-route' as const },
  { at: time('13:00'), action: 'escalate' as const },
];

/** Leads that somebody has, each with the same plan, and workers that look for what is due. */
const openWorkplace = async (count: number) => {
  const [store, readModels, clock] = [openLog(), openSqliteReadModels(':memory:'), testClock()];
  const projecting = await runProjections({ store, readModels, now: clock.now });
  const workers: Ticking[] = [];
  const heard: unknown[] = [];
  onTestFinished(async () => {
    await Promise.all(workers.map((each) => each.stop()));
    await projecting.stop();
    await readModels.close();
    await store.close();
  });
  const ids = { last: 0 };
  const worker = (through: EventStore = store): Ticking => {
    const engine: Engine = engineOver(through, { clock: clock.now });
    const ticking = startTicking({
      context: {
        engine,
        readModels,
        clock: clock.now,
        head: () => store.head(),
        reached: (position: number) => projecting.reached(position),
      },
      newId: () => `id-${(ids.last += 1)}`,
      // Looks when the test says so, and not by itself.
      sleep: (_, signal) => sleep(3_600_000, signal),
      onError: (error) => heard.push(error),
    });
    workers.push(ticking);
    return ticking;
  };

  const outside = engineOver(store, { clock: clock.now });
  const leads: string[] = [];
  for (let nth = 1; nth <= count; nth++) {
    const leadId = await qualify(outside, `u${nth}`);
    const { settles: _, assignedAt, ...assignment } = leadAssigned({ decision: nth }).data;
    const { decision: __, repId: ___, teamId: ____, ...plan } = responseDue({ steps }).data;
    const input = { projectId, leadId, assignment, assignedAt, plan };
    await outside.handle(assignLead, input, request(`assign-${nth}`));
    leads.push(leadId);
  }
  const factsOf = async (leadId: string): Promise<readonly string[]> =>
    (await factsIn(store, `lead-${projectId}.${leadId}`))
      .filter(({ type }) => type.startsWith('Response') && type !== 'ResponseDue')
      .map(({ type, data }) => `${type} ${String(new Map(Object.entries(data ?? {})).get('at'))}`);
  /** The reactor that looks for another rep has done so for every fact by now. */
  const followed = async () => readModels.saveCheckpoint(checkpointOf(routeLeads), await store.head());
  return { store, clock, worker, leads, heard, factsOf, followed };
};

const untilReRouting = [
  `ResponseAtRisk ${time('12:24')}`,
  `ResponseOverdue ${time('12:30')}`,
  `ResponseStepTaken ${time('12:30')}`,
  `ResponseStepTaken ${time('12:45')}`,
];
const all = [...untilReRouting, `ResponseStepTaken ${time('13:00')}`];

describe('Workers that look for what is due', () => {
  it('do everything once, however many look at once and however slow they are', async () => {
    const { store, clock, worker, leads, heard, factsOf, followed } = await openWorkplace(8);
    const turns = { last: 0 };
    const workers = [1, 2, 3].map(() => worker(slow(store, () => (turns.last += 7) % 5)));
    for (const minutes of [24, 30, 45, 60, 600]) {
      clock.forward(minutes * 60_000 - (clock.now().getTime() - Date.parse(time('12:00'))));
      await Promise.all([...workers, ...workers].map((each) => each.quiet()));
      await followed();
    }
    await Promise.all(workers.map((each) => each.quiet()));
    for (const leadId of leads) expect(await factsOf(leadId)).toEqual(all);
    expect(heard).toEqual([]);
  });

  it('wait with what comes after the search for another rep until that is over', async () => {
    const { store, clock, worker, leads, factsOf, followed } = await openWorkplace(8);
    const turns = { last: 0 };
    const workers = [1, 2, 3].map(() => worker(slow(store, () => (turns.last += 7) % 5)));
    const look = () => Promise.all([...workers, ...workers].map((each) => each.quiet()));
    clock.forward(5 * 86_400_000);
    await look();
    await look();
    for (const leadId of leads) expect(await factsOf(leadId)).toEqual(untilReRouting);
    await followed();
    await look();
    for (const leadId of leads) expect(await factsOf(leadId)).toEqual(all);
  });

  it('do the rest when one thing can not be done, and that when it can', async () => {
    const { store, clock, worker, leads, heard, factsOf } = await openWorkplace(60);
    const [broken = '', ...others] = leads;
    const away = { now: true };
    const append: EventStore['append'] = async (stream, ...rest) => {
      if (away.now && stream.endsWith(broken)) throw new StoreUnavailable('It is away');
      return store.append(stream, ...rest);
    };
    const one = worker({ ...store, append });
    clock.forward(24 * 60_000);
    await one.quiet();
    expect(heard).toHaveLength(1);
    expect(await factsOf(broken)).toEqual([]);
    for (const leadId of others) expect(await factsOf(leadId)).toEqual(all.slice(0, 1));
    away.now = false;
    await one.quiet();
    expect(await factsOf(broken)).toEqual(all.slice(0, 1));
  });
});
