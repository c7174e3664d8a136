import { deadLetters } from '../../projections/dead-letters.ts';
import type { JobDocument } from '../../projections/jobs.ts';
import { jobs } from '../../projections/jobs.ts';
import { allProjects } from '../../projections/projects.ts';
import type { QueryContext } from '../queries.ts';
import { equal } from '../queries.ts';

/** Counts the jobs of a project, or of all, by status, and what failed; `oldestDue` is when the oldest job was requested that has not ended. */
export const queueStats = async ({ readModels }: QueryContext, projectId: string | undefined) => {
  const own = equal<JobDocument>('projectId', projectId);
  const count = (status: JobDocument['status']) =>
    readModels.count(allProjects, jobs, [...own, ...equal<JobDocument>('status', status)]);
  const { docs: open } = await readModels.find(allProjects, jobs, {
    where: [...own, { field: 'open', op: 'eq', value: 1 }],
    sort: [{ field: 'requestedAt', direction: 'asc' }],
    limit: 1,
  });
  return {
    jobs: {
      requested: await count('requested'),
      running: await count('running'),
      completed: await count('completed'),
      failed: await count('failed'),
      cancelled: await count('cancelled'),
    },
    failed: await readModels.count(allProjects, deadLetters, equal('projectId', projectId)),
    oldestDue: open[0]?.requestedAt,
  };
};
