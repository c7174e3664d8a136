import { deadLetters } from '../projections/dead-letters.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import { openKinds, openWorkItems } from '../projections/work-items.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { Waiting } from '../telemetry/telemetry.ts';

/** Counts what waits, of all projects: jobs that have not ended well, failed work, and open work items. */
export const waitingWork = (readModels: Queries) => {
  const ofStatus = async (status: 'requested' | 'running' | 'failed') =>
    [await readModels.count(allProjects, jobs, [{ field: 'status', op: 'eq', value: status }]), status] as const;
  const ofKind = async (kind: 'job' | 'event') =>
    [await readModels.count(allProjects, deadLetters, [{ field: 'kind', op: 'eq', value: kind }]), kind] as const;
  const ofItems = async (kind: (typeof openKinds)[number]) =>
    [await readModels.count(allProjects, openWorkItems, [{ field: 'kind', op: 'eq', value: kind }]), kind] as const;
  return async (): Promise<Waiting> => ({
    jobs: await Promise.all([ofStatus('requested'), ofStatus('running'), ofStatus('failed')]),
    failed: await Promise.all([ofKind('job'), ofKind('event')]),
    items: await Promise.all(openKinds.map(ofItems)),
  });
};
