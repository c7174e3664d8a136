import { leadStreamId, streamOf, streamParts, streamsOf } from '../domain/streams.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import { leads } from '../projections/leads.ts';
import { factsAfter } from './facts-after.ts';
import { rebuildDashboard } from './rebuild-dashboard.ts';
import type { Rebuilding } from './rebuild-lead.ts';
import { rebuildLead } from './rebuild-lead.ts';
import type { JobAt, JobContext, Progress, JobHandler } from './job-handler.ts';

/** How many leads one step rebuilds. */
const leadsAStep = 200;

const rebuilding = ({ engine, readModels, reached, head }: JobContext): Rebuilding => ({
  pages: (stream, from) => engine.states.pages(stream, from),
  readModels,
  reached,
  head,
});

/** Rebuilds the leads that begin next in the log. */
const nextLeads = async (store: Pick<EventStore, 'follow'>, job: JobAt, context: JobContext): Promise<Progress> => {
  const { projectId, done, total } = job;
  // Leads that begin later are made right by the projections; a job's own facts would keep the end moving.
  const [, from = 0, aim = await context.head()] = job.cursor.split(' ').map(Number);
  const filter = { streams: [streamsOf('lead', projectId)], types: ['LeadCaptured', 'LeadMerged'] };
  const batch = await factsAfter(store, from, context, filter);
  const part = batch.events.slice(0, leadsAStep);
  const visited = new Set<string>();
  let reached = 0;
  for (const { stream } of part) {
    // Where it has to stop in the midst of a step, the next step begins with the lead that was not reached.
    if (context.signal.aborted) break;
    const id = streamParts('lead', stream)?.id ?? '';
    if (!visited.has(id)) {
      await context.engine.yieldToOthers(projectId);
      await rebuildLead(rebuilding(context), projectId, id);
    }
    visited.add(id);
    reached += 1;
  }
  const position = reached < batch.events.length ? (part[reached - 1]?.position ?? from) : batch.position;
  const soFar = done + reached;
  return {
    cursor: position >= aim ? 'strays ' : `leads ${position} ${aim}`,
    done: soFar,
    total: Math.max(total, soFar),
    complete: false,
  };
};

/** Removes the documents of leads that the log knows nothing of. */
const nextStrays = async (job: JobAt, context: JobContext): Promise<Progress> => {
  const { projectId, done, total } = job;
  const last = job.cursor.slice('strays '.length);
  const { docs } = await context.readModels.find(projectId, leads, {
    where: [],
    sort: [],
    limit: leadsAStep,
    ...(last !== '' && { after: [last] }),
  });
  for (const { leadId } of docs) {
    const facts = await context.engine.states.read(streamOf('lead', leadStreamId(projectId, leadId)), -1, 1);
    if (facts.length === 0) await rebuildLead(rebuilding(context), projectId, leadId);
  }
  const next = docs.at(-1)?.leadId;
  return { cursor: next === undefined ? 'dashboard' : `strays ${next}`, done, total, complete: false };
};

/** Makes all documents of a project's leads again, lead by lead while it goes on being used, and then its numbers. */
export const rebuildProject = (store: Pick<EventStore, 'follow'>): JobHandler => ({
  kind: 'rebuild-project',
  step: async (job, context) => {
    const { projectId, cursor, done, total } = job;
    if (cursor === '' || cursor.startsWith('leads ')) {
      const known = cursor === '' ? await context.readModels.count(projectId, leads, []) : total;
      return nextLeads(store, { ...job, total: known }, context);
    }
    if (cursor.startsWith('strays ')) return nextStrays(job, context);
    const facts = (position: number) =>
      factsAfter(store, position, context, { streams: [streamsOf('lead', projectId)] });
    await rebuildDashboard({ ...rebuilding(context), facts }, projectId);
    return { cursor, done, total: Math.max(total, done), complete: true };
  },
});
