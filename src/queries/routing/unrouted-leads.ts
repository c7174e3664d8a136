import { pool } from '../../domain/routing/pool.ts';
import { roster } from '../../domain/routing/roster.ts';
import { leads } from '../../projections/leads.ts';
import type { QueryContext } from '../queries.ts';

/** How many qualified leads nobody has or is to have, and how many more leads the active reps may have open. */
export const unroutedLeads = async ({ states, readModels }: QueryContext, projectId: string) => {
  const { reps } = (await states.refresh(roster, projectId)).state;
  const { open } = (await states.refresh(pool, projectId)).state;
  const active = [...reps.values()].filter(({ status }) => status === 'active');
  const room = active.reduce((sum, { repId, capacity }) => sum + Math.max(0, capacity - (open.get(repId) ?? 0)), 0);
  const count = await readModels.count(projectId, leads, [{ field: 'unrouted', op: 'eq', value: 1 }]);
  return { leads: count, room };
};
