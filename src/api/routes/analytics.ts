import { z } from 'zod';
import { project } from '../../domain/projects/project.ts';
import type { Counts, Unit } from '../../projections/dashboard.ts';
import { dashboard, startOf, totalId } from '../../projections/dashboard.ts';
import { leads } from '../../projections/leads.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import type { ApiContext } from '../http/context.ts';

const bucket = z.object({
  at: z.string(),
  activities: z.int(),
  leads: z.int(),
  merged: z.int(),
  qualifications: z.int(),
});

const dashboardView = z.object({
  totals: z.object({ leads: z.int(), activities: z.int(), merged: z.int(), qualifications: z.int() }),
  stages: z.record(z.string(), z.int()),
  qualified: z.int().describe('Leads whose score reaches the qualification threshold'),
  conversion: z.number().describe('Their share of all leads, from 0 to 1; 0 without leads'),
  perMinute: z.array(bucket),
  perHour: z.array(bucket),
  perDay: z.array(bucket),
});

/** How far back each unit goes, in ms: an hour of minutes, two days of hours, thirty days. */
const spans: Readonly<Record<Unit, number>> = { minute: 3_600_000, hour: 172_800_000, day: 2_592_000_000 };

const recent = async ({ readModels, clock }: ApiContext, projectId: string, unit: Unit) => {
  const since = startOf(unit, new Date(clock().getTime() - spans[unit]));
  const { docs } = await readModels.find(projectId, dashboard, {
    where: [
      { field: 'unit', op: 'eq', value: unit },
      { field: 'at', op: 'gt', value: since },
    ],
    sort: [{ field: 'at', direction: 'asc' }],
    limit: 100,
  });
  return docs.map(({ stages: _, unit: __, ...counts }: Counts) => counts);
};

/** What happened in a project, in numbers. */
export const analytics: Routes = (app, api) => {
  app.get(
    '/api/analytics/dashboard',
    {
      config: { scope: 'leads:read' },
      schema: {
        summary:
          'Totals, leads by stage, and what was recorded by minute, hour and day; what did not happen is left out',
        tags: ['Analytics'],
        response: { 200: dashboardView },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const [total, qualified, perMinute, perHour, perDay] = await Promise.all([
        api.readModels.get(projectId, dashboard, totalId),
        api.readModels.count(projectId, leads, [{ field: 'qualified', op: 'eq', value: 1 }]),
        recent(api, projectId, 'minute'),
        recent(api, projectId, 'hour'),
        recent(api, projectId, 'day'),
      ]);
      const { model } = (await api.engine.states.get(project, projectId)).state.scoring;
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
    },
  );
};
