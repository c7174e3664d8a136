import { step } from '../commands/merge.ts';
import { progressJob } from '../commands/progress-job.ts';
import { requestJob } from '../commands/request-job.ts';
import { rescoreLead } from '../commands/rescore-lead.ts';
import { withScoring } from '../commands/resolve.ts';
import { job } from '../domain/job.ts';
import { project } from '../domain/project.ts';
import { streamParts } from '../domain/streams.ts';
import { leads } from '../projections/leads.ts';
import type { Intent, Reactor, Sight } from './reactor.ts';

/** How many leads one step scores. Each step ends with a fact, from which the next one goes on. */
const leadsAStep = 200;

type Step = {
  readonly projectId: string;
  readonly jobId: string;
  readonly cursor: string;
  readonly done: number;
  readonly total: number;
};

/** Scores the leads that come next by id, and says how far that brought the job; or that it is complete. */
const rescoring =
  ({ projectId, jobId, cursor, done, total }: Step, leadIds: readonly string[]): Intent =>
  async (engine, request) => {
    await withScoring(engine.states, projectId, (scoring) =>
      Promise.all(
        leadIds.map((leadId) =>
          engine.handle(
            rescoreLead,
            { projectId, leadId, scoring },
            step(request, `rescore/${scoring.version}/${leadId}`),
          ),
        ),
      ),
    );
    const last = leadIds.at(-1);
    const progress = { cursor: last, done: done + leadIds.length, total: Math.max(total, done + leadIds.length) };
    await engine.handle(
      progressJob,
      { projectId, jobId, ...progress, cursor: progress.cursor ?? cursor, complete: !last },
      step(request, 'progress'),
    );
  };

const next = async (at: Step, { readModels }: Sight): Promise<readonly Intent[]> => {
  const after = at.cursor === '' ? {} : { after: [at.cursor] };
  const page = await readModels.find(at.projectId, leads, { where: [], sort: [], limit: leadsAStep, ...after });
  return [
    rescoring(
      at,
      page.docs.map(({ leadId }) => leadId),
    ),
  ];
};

/**
 * Scores all leads of a project again when a model was published. The job's own facts drive it from step to step, so it
 * goes on where it stopped, whenever the process ended. A job whose model is no longer in force ends at once.
 */
export const rescoreLeads: Reactor = {
  name: 'rescore-leads',
  streams: ['project-', 'job-'],
  types: ['ScoringModelPublished', 'JobRequested', 'JobProgressed'],
  react: async (event, sight) => {
    if (event.type === 'ScoringModelPublished') {
      const projectId = event.stream.slice('project-'.length);
      const { version } = event.data;
      const input = { projectId, jobId: `rescore-${version}`, kind: 'rescore' as const, version };
      return [({ handle }, request) => handle(requestJob, input, request)];
    }
    if (event.type !== 'JobRequested' && event.type !== 'JobProgressed') return [];
    const parts = streamParts('job', event.stream);
    if (!parts) return [];
    const { projectId, id: jobId } = parts;
    const { states } = sight.engine;
    const { state } = await states.refresh(job, `${projectId}.${jobId}`);
    if (state.status === 'completed') return [];

    const inForce = (await states.refresh(project, projectId)).state.scoring.version;
    if (event.type === 'JobProgressed') {
      const at = { projectId, jobId, ...event.data };
      return inForce > state.version ? [rescoring(at, [])] : next(at, sight);
    }
    const at = { projectId, jobId, cursor: '', done: 0, total: 0 };
    if (inForce > state.version) return [rescoring(at, [])];
    // Leads that were scored with the model before are in the list when nobody uses that any more, and the list has them.
    const wait = Date.parse(event.data.requestedAt) + sight.othersLag - sight.clock().getTime();
    await sight.pause(Math.min(Math.max(0, wait), sight.othersLag));
    await sight.reached(wait > 0 ? await sight.head() : event.position);
    return next({ ...at, total: await sight.readModels.count(projectId, leads, []) }, sight);
  },
};
