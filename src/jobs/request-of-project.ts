import { mayBeginAt } from '../engine/folded.ts';
import type { Request } from '../engine/handle.ts';
import { recordedBy } from '../engine/recorded-by.ts';
import type { Engine } from '../flows/engine.ts';
import { requestJob } from '../commands/jobs/request-job.ts';
import { isOpen, job } from '../domain/jobs/job.ts';
import { streamOf } from '../domain/streams.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import type { JsonObject } from '../domain/lead/activity.ts';
import type { Queries } from '../readmodels/queries.ts';

/** The kinds of which a project has one job at a time, and what the ids of these begin with. */
const ofProjects = {
  'rebuild-project': 'rebuild',
  'route-qualified': 'route-qualified',
  'replay-rejects': 'replay-rejects',
} as const;

/** The number at the end of a job's id; 0 where there is none. */
const numberIn = (jobId: string): number => Number(/-(\d{1,9})$/.exec(jobId)?.[1] ?? 0);

/**
 * Asks for a job of a project: for its documents to be made again, its qualified leads to be routed, or its rejects to be tried again; `details` says what else the job needs to know. There is one such job of
 * a project at a time: where one is open that is the answer, and two that ask at once, in whatever processes, name the same job.
 * So does a command that comes again.
 */
export const requestOfProject = async (
  { engine, readModels }: { readonly engine: Pick<Engine, 'handle' | 'states'>; readonly readModels: Queries },
  [kind, projectId]: readonly [keyof typeof ofProjects, string],
  request: Request,
  details?: JsonObject,
): Promise<{ readonly jobId: string; readonly position?: number }> => {
  const { docs } = await readModels.find(allProjects, jobs, {
    where: [
      { field: 'projectId', op: 'eq', value: projectId },
      { field: 'kind', op: 'eq', value: kind },
    ],
    sort: [{ field: 'requestedAt', direction: 'desc' }],
    limit: 1,
  });
  const [last] = docs;
  if (last && isOpen((await engine.states.refresh(job, last.jobId)).state)) return { jobId: last.jobId };
  const { commandId } = request;
  // The list may not have the last of them yet: the streams say which number is free.
  for (let number = Math.max(1, numberIn(last?.jobId ?? '')); ; number++) {
    const jobId = `${ofProjects[kind]}-${number}`;
    const id = `${projectId}.${jobId}`;
    const folded = await engine.states.refresh(job, id);
    const revisions = mayBeginAt(folded, commandId);
    const { events } = await recordedBy(engine.states, { stream: streamOf(job.name, id), commandId, revisions });
    if (events.length > 0) return { jobId: id };
    const { state } = folded;
    if (state.status !== 'unknown' && !isOpen(state)) continue;
    const input = { projectId, jobId, kind, ...(details && { details }) };
    const { position } = await engine.handle(requestJob, input, request);
    return { jobId: id, position };
  }
};
