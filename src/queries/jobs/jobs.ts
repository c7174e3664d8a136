import { Rejection } from '../../domain/rejection.ts';
import type { JobDocument } from '../../projections/jobs.ts';
import { jobs as collection, jobStatus } from '../../projections/jobs.ts';
import { allProjects } from '../../projections/projects.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';

/** How jobs can be. */
export const jobStatuses = jobStatus.options;

/** The read models that tell of jobs. */
export const jobReads = [collection.name];

/** Which jobs are asked for: all that fit, of a project or of all. */
export type JobFilters = {
  readonly projectId: string | undefined;
  readonly status: JobDocument['status'] | undefined;
  readonly kind: JobDocument['kind'] | undefined;
};

const tenth = (value: number): number => Math.round(value * 10) / 10;

const viewOf = (doc: JobDocument) => {
  const seconds = (Date.parse(doc.updatedAt) - Date.parse(doc.takenAt ?? doc.requestedAt)) / 1_000;
  const rate = seconds > 0 ? (doc.done - doc.doneBefore) / seconds : 0;
  const left = doc.total - doc.done;
  const share = doc.total === 0 ? 0 : Math.min(1, doc.done / doc.total);
  return {
    jobId: doc.jobId,
    projectId: doc.projectId,
    kind: doc.kind,
    version: doc.version,
    details: doc.details,
    status: doc.status,
    done: doc.done,
    total: doc.total,
    holder: doc.holder,
    attempts: doc.attempts,
    error: doc.error,
    requestedAt: doc.requestedAt,
    updatedAt: doc.updatedAt,
    completedAt: doc.completedAt,
    result: doc.result,
    /** From 0 to 1. */
    progress: doc.status === 'completed' ? 1 : share,
    /** Things done a second since it was last taken. */
    rate: tenth(rate),
    etaSeconds: doc.status === 'running' && rate > 0 && left > 0 ? tenth(left / rate) : undefined,
  };
};

/** Long work and how far it is. `holder` and `error` are of the inside of the service. */
export type Job = ReturnType<typeof viewOf>;

/** A page of the jobs, newest first. */
export const jobs = async (
  { readModels }: QueryContext,
  { projectId, status, kind }: JobFilters,
  range: Range,
): Promise<Page<Job>> => {
  const page = await readModels.find(allProjects, collection, {
    where: [...equal('projectId', projectId), ...equal('status', status), ...equal('kind', kind)],
    sort: [{ field: 'requestedAt', direction: 'desc' }],
    ...range,
  });
  return viewsOf(page, viewOf);
};

/** How many of the newest jobs of a kind in a project are not done yet, of `most` of them. */
export const openJobs = async (
  { readModels }: Pick<QueryContext, 'readModels'>,
  projectId: string,
  kind: JobDocument['kind'],
  most: number,
): Promise<number> => {
  const { docs } = await readModels.find(allProjects, collection, {
    where: [...equal<JobDocument>('projectId', projectId), ...equal<JobDocument>('kind', kind)],
    sort: [{ field: 'requestedAt', direction: 'desc' }],
    limit: most,
  });
  return docs.filter(({ open }) => open === 1).length;
};

/** A job's project and its id there, of what everybody outside calls it. Throws a `Rejection` for one of another project than `mine`. */
export const jobParts = (jobId: string, mine: string | undefined) => {
  const [projectId = '', ...rest] = jobId.split('.');
  if (rest.length === 0 || (mine !== undefined && mine !== projectId))
    throw new Rejection('job-unknown', `There is no job ${jobId}`);
  return { projectId, jobId: rest.join('.') };
};

/** A job, of a project or of all. Throws a `Rejection` when there is none. */
export const jobOf = async (
  { readModels }: QueryContext,
  projectId: string | undefined,
  jobId: string,
): Promise<Job> => {
  jobParts(jobId, projectId);
  const doc = await readModels.get(allProjects, collection, jobId);
  if (doc) return viewOf(doc);
  throw new Rejection('job-unknown', `There is no job ${jobId}`);
};
