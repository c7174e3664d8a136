import { project } from '../../domain/projects/project.ts';
import type { Unit } from '../../projections/dashboard.ts';
import { dashboard as collection, startOf, totalId } from '../../projections/dashboard.ts';
import { leads } from '../../projections/leads.ts';
import type { QueryContext } from '../queries.ts';

/** How far back each unit goes, in ms: an hour of minutes, two days of hours, thirty days. */
const spans: Readonly<Record<Unit, number>> = { minute: 3_600_000, hour: 172_800_000, day: 2_592_000_000 };

const recent = async ({ readModels, clock }: QueryContext, projectId: string, unit: Unit) => {
  const since = startOf(unit, new Date(clock().getTime() - spans[unit]));
  const { docs } = await readModels.find(projectId, collection, {
    where: [
      { field: 'unit', op: 'eq', value: unit },
      { field: 'at', op: 'gt', value: since },
    ],
    sort: [{ field: 'at', direction: 'asc' }],
    limit: 100,
  });
  return docs.map((counts) => ({
    at: counts.at,
    leads: counts.leads,
    activities: counts.activities,
    merged: counts.merged,
    qualifications: counts.qualifications,
  }));
};

/** What happened in a project, in numbers. `conversion` is the share of qualified leads, from 0 to 1. */
export const dashboard = async (context: QueryContext, projectId: string) => {
  const { readModels, states } = context;
  const [total, qualified, perMinute, perHour, perDay] = await Promise.all([
    readModels.get(projectId, collection, totalId),
    readModels.count(projectId, leads, [{ field: 'qualified', op: 'eq', value: 1 }]),
    recent(context, projectId, 'minute'),
    recent(context, projectId, 'hour'),
    recent(context, projectId, 'day'),
  ]);
  const { model } = (await states.get(project, projectId)).state.scoring;
  const { leads: captured = 0, merged = 0, activities = 0, qualifications = 0 } = total ?? {};
  const living = captured - merged;
  return {
    totals: { leads: living, activities, merged, qualifications },
    stages: { ...Object.fromEntries(model.stages.map(({ name }) => [name, 0])), ...total?.stages },
    qualified,
    conversion: living === 0 ? 0 : qualified / living,
    perMinute,
    perHour,
    perDay,
  };
};
