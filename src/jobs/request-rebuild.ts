import type { Request } from '../commands/handle.ts';
import type { Engine } from '../commands/merge.ts';
import { requestJob } from '../commands/request-job.ts';
import { isOpen, job, systemProject } from '../domain/job.ts';
import { projections } from '../projections/index.ts';
import { jobs } from '../projections/jobs.ts';
import { allProjects } from '../projections/projects.ts';
import { nextOf } from '../readmodels/generations.ts';
import type { ReadModels } from '../readmodels/read-models.ts';

/** Asks for all projections at once: no projection is called that. */
export const allProjections = '*';

type Needs = { readonly engine: Pick<Engine, 'handle' | 'states'>; readonly readModels: ReadModels };

/** The job that builds a generation of a projection, if one is open. */
const openRebuild = async ({ readModels }: Needs, projection: string): Promise<string | undefined> => {
  const { docs } = await readModels.find(allProjects, jobs, {
    where: [{ field: 'open', op: 'eq', value: 1 }],
    ...{ sort: [{ field: 'requestedAt', direction: 'asc' }], limit: 1_000 },
  });
  return docs.find(({ kind, details }) => kind === 'rebuild-projection' && details['projection'] === projection)?.jobId;
};

const jobFor = (projection: string, generation: number): string =>
  `rebuild-${projection === allProjections ? 'all' : projection}-${generation}`;

/** The generation of a projection, or of all, that nobody built yet. */
const unbuilt = async ({ readModels }: Needs, projection: string): Promise<number> => {
  const names = projection === allProjections ? projections.map(({ name }) => name) : [projection];
  return Math.max(...(await Promise.all(names.map((name) => nextOf(readModels, name)))));
};

/** The generation to build next: none that was built, or whose job ended before it began to. */
const nextGeneration = async (needs: Needs, projection: string): Promise<number> => {
  for (let generation = await unbuilt(needs, projection); ; generation++) {
    const { state } = await needs.engine.states.refresh(job, `${systemProject}.${jobFor(projection, generation)}`);
    if (state.status === 'unknown' || isOpen(state)) return generation;
  }
};

/**
 * Asks for a projection, or `allProjections`, to be built anew, by a job. Where one is open already that is the answer, without a position; two that
 * ask at once name the same generation, and so the same job.
 */
export const requestRebuild = async (
  needs: Needs,
  projection: string,
  request: Request,
): Promise<{ readonly jobId: string; readonly position?: number }> => {
  const open = await openRebuild(needs, projection);
  if (open !== undefined) return { jobId: open };
  const generation = await nextGeneration(needs, projection);
  const jobId = jobFor(projection, generation);
  const details = { projection, generation };
  const input = { projectId: systemProject, jobId, kind: 'rebuild-projection' as const, details };
  const { position } = await needs.engine.handle(requestJob, input, request);
  return { jobId: `${systemProject}.${jobId}`, position };
};

/** The kinds of which a project has one job at a time, and what the ids of these begin with. */
const ofProjects = { 'rebuild-project': 'rebuild', 'route-qualified': 'route-qualified' } as const;

/** The number at the end of a job's id; 0 where there is none. */
const numberIn = (jobId: string): number => Number(/-(\d{1,9})$/.exec(jobId)?.[1] ?? 0);

/**
 * Asks for a job of a project: for its documents to be made again, or its qualified leads to be routed. There is one such job of a project at a time: where one is open that
 * is the answer, and two that ask at once, in whatever processes, name the same job. So does a command that comes again.
 */
export const requestOfProject = async (
  { engine, readModels }: Needs,
  [kind, projectId]: readonly [keyof typeof ofProjects, string],
  request: Request,
): Promise<{ readonly jobId: string; readonly position?: number }> => {
  const { docs } = await readModels.find(allProjects, jobs, {
    where: [
      { field: 'projectId', op: 'eq', value: projectId },
      { field: 'kind', op: 'eq', value: kind },
    ],
    ...{ sort: [{ field: 'requestedAt', direction: 'desc' }], limit: 1 },
  });
  const [last] = docs;
  if (last && isOpen((await engine.states.refresh(job, last.jobId)).state)) return { jobId: last.jobId };
  // The list may not have the last of them yet: the streams say which number is free.
  for (let number = Math.max(1, numberIn(last?.jobId ?? '')); ; number++) {
    const jobId = `${ofProjects[kind]}-${number}`;
    const { state, commands } = await engine.states.refresh(job, `${projectId}.${jobId}`);
    if (commands.has(request.commandId)) return { jobId: `${projectId}.${jobId}` };
    if (state.status !== 'unknown' && !isOpen(state)) continue;
    const { position } = await engine.handle(requestJob, { projectId, jobId, kind }, request);
    return { jobId: `${projectId}.${jobId}`, position };
  }
};
