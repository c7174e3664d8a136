import { lostTail } from '../eventstore/lost-tail.ts';
import { failedWork } from '../projections/failed-work.ts';
import { history } from '../projections/history.ts';
import { leads } from '../projections/leads.ts';
import { mergedLeads } from '../projections/merged-leads.ts';
import { workItems } from '../projections/work-items.ts';
import type { CheckpointEvidence } from './checkpoints.ts';
import type { Stores } from './streams.ts';

/** The read models that leads are compared with. */
const compared = [leads.name, history.name, mergedLeads.name, workItems.name, failedWork.name];

/** What keeps leads, pool and work queue in step. */
const routing = ['reactor:route-leads', 'reactor:complete-placements', 'reactor:follow-approvals'];

/** How often checkpoints are looked at that have not come to where the log ended, in ms. */
const lookEvery = 25;
/** How many looks they are given, in a row without moving (10 s), and in all (30 s). */
const patience = { still: 400, inAll: 1_200 };

/**
 * What the checkpoints are to be compared with. `live`: whether something runs that moves them. `told` is how far they are by
 * those who run: a reader that finds nothing to do saves only now and then how far it is.
 */
export type Readers = {
  readonly checkpoints: readonly string[];
  readonly live: boolean;
  readonly told?: Readonly<Record<string, number>>;
};

export type Sleep = (milliseconds: number) => Promise<unknown>;

/** How far the read models and everything else with a checkpoint are, and were. */
export const positionsOf = ({ store, readModels }: Stores, { checkpoints, live, told = {} }: Readers, sleep: Sleep) => {
  const all = [...new Set([...compared, ...checkpoints])];
  const before = new Map<string, number>();
  // Read models that stand still once are not waited for again and again.
  let patient = live;

  const positionOf = async (name: string): Promise<number> =>
    Math.max(await readModels.checkpoint(name), told[name] ?? 0);
  const least = async (some: readonly string[]): Promise<number> =>
    Math.min(...(await Promise.all(some.map(positionOf))));

  /** Waits until these checkpoints are at a position, as long as they move. Gives how far the last of them is. */
  const wait = async (some: readonly string[], position: number): Promise<number> => {
    let at = await least(some);
    for (let [looks, still] = [0, 0]; patient && at < position; looks++) {
      await sleep(lookEvery);
      const next = await least(some);
      still = next > at ? 0 : still + 1;
      patient = still < patience.still && looks < patience.inAll;
      at = next;
    }
    return at;
  };

  /** Up to where the read models have everything now, after a while for what was recorded by now to get there. */
  const settled = async (): Promise<number> => {
    const head = await store.head();
    return Math.min(head, await wait(compared, head));
  };

  return {
    settled,
    /** Up to where everything that follows for routing is done; nowhere, when nothing routes. */
    routed: async (): Promise<number> => {
      const those = routing.filter((name) => checkpoints.includes(name));
      return those.length === 0 ? 0 : least(those);
    },
    begin: async (): Promise<{ readonly until: number; readonly aim: number }> => {
      for (const name of all) before.set(name, await positionOf(name));
      const aim = await store.head();
      return { until: Math.min(aim, await wait(compared, aim)), aim };
    },
    end: async (aim: number): Promise<readonly CheckpointEvidence[]> => {
      if (live) await wait(all, aim);
      const found: CheckpointEvidence[] = [];
      for (const name of all) {
        const [after, standing] = [await positionOf(name), await readModels.standing(name)];
        const { position: checkpoint, fact } = standing;
        const head = await store.head();
        const missing = (await lostTail(store, standing)) && fact;
        const beginning = before.get(name) ?? 0;
        found.push({ name, checkpoint, after, head, missing, before: beginning, aim: live ? aim : undefined });
      }
      return found;
    },
  };
};
