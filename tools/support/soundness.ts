import { z } from 'zod';
import { ask, bodyOf } from './http.ts';
import type { Target } from './target.ts';
import type { Row } from './tool.ts';

const report = z.object({
  status: z.enum(['healthy', 'violated']),
  leads: z.int(),
  activities: z.int(),
  invariants: z.array(
    z.object({ id: z.int(), name: z.string(), checked: z.int(), violations: z.int(), examples: z.array(z.unknown()) }),
  ),
});
export type Report = z.infer<typeof report>;

/** What the service's own check of all invariants says of a project, or of all. */
export const soundnessOf = async ({ url, key }: Target, projectId?: string): Promise<Report> => {
  const headers = projectId === undefined ? {} : { 'x-project-id': projectId };
  return bodyOf(await ask(`${url}/api/admin/system-health`, { key, headers, patience: 600_000 }), 200, report);
};

/** Violations as one row, with the first example of each kind. */
export const soundnessRow = ({ invariants, status, leads, activities }: Report): Row => {
  const wrong = invariants.filter(({ violations }) => violations > 0);
  const told = wrong.map(
    ({ id, name, violations, examples }) => `${id} ${name}: ${violations}, as ${JSON.stringify(examples[0])}`,
  );
  const violations = wrong.reduce((sum, each) => sum + each.violations, 0);
  return {
    what: 'invariants',
    found: `${violations} violations in ${leads} leads and ${activities} activities`,
    must: '0 violations',
    holds: status === 'healthy' && violations === 0,
    details: told,
  };
};
