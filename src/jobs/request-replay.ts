import { requestJob } from '../commands/jobs/request-job.ts';
import type { JobEvent } from '../domain/jobs/job.ts';
import { isOpen, job } from '../domain/jobs/job.ts';
import { streamOf } from '../domain/streams.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from '../flows/engine.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import type { Queries } from '../readmodels/queries.ts';

/** What is to be told again: ends of a span are positions of the log or times in UTC. */
export type ReplayWanted = {
  readonly endpointId: string;
  readonly after: number | string;
  readonly until?: number | string;
};

type Requesting = { readonly engine: Pick<Engine, 'handle' | 'states'>; readonly readModels: Queries };

/** Among how many of the newest replays of a project the last one of an endpoint is looked for. */
const newest = 100;
/** How many replays of an endpoint back a request that comes again is known. */
const known = 5;

const kind = 'replay-deliveries';

/** The number of the last replay of an endpoint that the read models know of; 0 when they know of none. */
const lastNumber = async ({ readModels }: Requesting, projectId: string, endpointId: string): Promise<number> => {
  const { docs } = await readModels.find(allProjects, jobs, {
    where: [
      { field: 'projectId', op: 'eq', value: projectId },
      { field: 'kind', op: 'eq', value: kind },
    ],
    sort: [{ field: 'requestedAt', direction: 'desc' }],
    limit: newest,
  });
  const numbers = docs
    .filter(({ details }) => details['endpointId'] === endpointId)
    .map(({ jobId }) => Number(/-(\d{1,9})$/.exec(jobId)?.[1] ?? 0));
  return Math.max(0, ...numbers);
};

/**
 * Asks for a replay to an endpoint, which has one at a time: where one is open that is the answer, and `isSame` says whether
 * that one is of the same span. The numbers in the ids of jobs have those that ask at once, in whatever processes, meet in
 * one stream. Throws `CommandReused` for a command that asked for another span before.
 */
export const requestReplay = async (
  requesting: Requesting,
  projectId: string,
  { endpointId, after, until }: ReplayWanted,
  request: Request,
): Promise<{ readonly jobId: string; readonly position?: number; readonly isSame: boolean }> => {
  const { engine } = requesting;
  const details = { endpointId, after, ...(until !== undefined && { until }) };
  // The list may not have the last of them yet: the streams say which number is free.
  const last = await lastNumber(requesting, projectId, endpointId);
  for (let number = Math.max(1, last - known + 1); ; number++) {
    const jobId = `replay-${endpointId.slice(projectId.length + 1)}-${number}`;
    const id = `${projectId}.${jobId}`;
    const { events, position } = await engine.handle(requestJob, { projectId, jobId, kind, details }, request);
    if (events.length > 0) return { jobId: id, position, isSame: true };
    const { state } = await engine.states.refresh(job, id);
    if (!isOpen(state)) continue;
    const [first] = await engine.states.read<JobEvent>(streamOf(job.name, id), -1, 1);
    const open = first?.type === 'JobRequested' ? first.data.details : undefined;
    return { jobId: id, isSame: open?.['after'] === after && open['until'] === until };
  }
};
