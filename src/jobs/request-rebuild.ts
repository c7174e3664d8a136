import type { Request } from '../engine/handle.ts';
import type { Engine } from '../flows/engine.ts';
import { requestJob } from '../commands/jobs/request-job.ts';
import { isOpen, job } from '../domain/jobs/job.ts';
import { systemProject } from '../domain/streams.ts';
import { projections } from '../projections/index.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import { nextOf } from '../readmodels/generations.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { Registers } from '../readmodels/registers.ts';

/** Asks for all projections at once: no projection is called that. */
export const allProjections = '*';

/** What asking works with. */
export type Requesting = {
  readonly engine: Pick<Engine, 'handle' | 'states'>;
  readonly readModels: Queries & Registers;
};

/** The job that does it; the position of the fact that asked for it, if that was not there already. */
export type RequestedRebuild = { readonly jobId: string; readonly position?: number };

/** The job that builds a generation of a projection, if one is open. */
const openRebuild = async ({ readModels }: Requesting, projection: string): Promise<string | undefined> => {
  const { docs } = await readModels.find(allProjects, jobs, {
    where: [{ field: 'open', op: 'eq', value: 1 }],
    sort: [{ field: 'requestedAt', direction: 'asc' }],
    limit: 1_000,
  });
  return docs.find(({ kind, details }) => kind === 'rebuild-projection' && details['projection'] === projection)?.jobId;
};

const jobFor = (projection: string, generation: number): string =>
  `rebuild-${projection === allProjections ? 'all' : projection}-${generation}`;

/** The generation of a projection, or of all, that nobody built yet. */
const unbuilt = async ({ readModels }: Requesting, projection: string): Promise<number> => {
  const names = projection === allProjections ? projections.map(({ name }) => name) : [projection];
  return Math.max(...(await Promise.all(names.map((name) => nextOf(readModels, name)))));
};

/** The generation to build next: none that was built, or whose job ended before it began to. */
const nextGeneration = async (requesting: Requesting, projection: string): Promise<number> => {
  for (let generation = await unbuilt(requesting, projection); ; generation++) {
    const { state } = await requesting.engine.states.refresh(job, `${systemProject}.${jobFor(projection, generation)}`);
    if (state.status === 'unknown' || isOpen(state)) return generation;
  }
};

/**
 * Asks for a projection, or `allProjections`, to be built anew, by a job. Where one is open already that is the answer, without a position; two that
 * ask at once name the same generation, and so the same job.
 */
export const requestRebuild = async (
  requesting: Requesting,
  projection: string,
  request: Request,
): Promise<RequestedRebuild> => {
  const open = await openRebuild(requesting, projection);
  if (open !== undefined) return { jobId: open };
  const generation = await nextGeneration(requesting, projection);
  const jobId = jobFor(projection, generation);
  const details = { projection, generation };
  const input = { projectId: systemProject, jobId, kind: 'rebuild-projection' as const, details };
  const { position } = await requesting.engine.handle(requestJob, input, request);
  return { jobId: `${systemProject}.${jobId}`, position };
};
