import { rescoreLead } from '../commands/scoring/rescore-lead.ts';
import { withScoring } from '../flows/resolve.ts';
import { project } from '../domain/projects/project.ts';
import { leads } from '../projections/leads.ts';
import type { JobAt, JobContext, JobHandler } from './job-handler.ts';

/** How many leads one step scores. */
const leadsAStep = 200;

/** Resolves when the read models list every lead that may have been scored with the model before. */
const whenListed = async ({ requestedAt, position }: JobAt, context: JobContext): Promise<void> => {
  // Leads that were scored with the model before are in the list when nobody uses that any more, and the list has them.
  const wait = Date.parse(requestedAt) + context.othersLag - context.clock().getTime();
  await context.sleep(Math.min(Math.max(0, wait), context.othersLag));
  await context.reached(wait > 0 ? await context.head() : position);
};

/** Scores all leads of a project again with the model `version`. Ends at once when that is no longer in force. */
export const rescore: JobHandler = {
  kind: 'rescore',
  step: async (job, context) => {
    const { projectId, details, cursor, done } = job;
    const { engine, readModels, request } = context;
    const inForce = (await engine.states.refresh(project, projectId)).state.scoring.version;
    if (inForce > Number(details['version'])) return { cursor, done, total: job.total, complete: true };
    // The list may be made again from the beginning while the job goes on, and would seem to end where it has come to.
    await (cursor === '' ? whenListed(job, context) : context.reached(job.position));

    const total = cursor === '' ? await readModels.count(projectId, leads, []) : job.total;
    const after = cursor === '' ? {} : { after: [cursor] };
    const { docs } = await readModels.find(projectId, leads, { where: [], sort: [], limit: leadsAStep, ...after });
    await withScoring(engine.states, projectId, (scoring) =>
      Promise.all(docs.map(({ leadId }) => engine.handle(rescoreLead, { projectId, leadId, scoring }, request))),
    );
    const soFar = done + docs.length;
    return {
      cursor: docs.at(-1)?.leadId ?? cursor,
      done: soFar,
      total: Math.max(total, soFar),
      complete: docs.length === 0,
    };
  },
};
