import { z } from 'zod';
import type { LeadEvent, LeadFact } from '../domain/lead/lead-events.ts';
import type { ResponsePlan } from '../domain/routing/ownership.ts';
import { ownershipEvents } from '../domain/routing/ownership-events.ts';
import { nextDue, planOf } from '../domain/routing/response.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

const deadlineDocument = ownershipEvents.ResponseDue.extend({
  projectId: z.string(),
  leadId: z.string(),
  atRisk: z.boolean(),
  overdue: z.boolean(),
  taken: z.number(),
  /** When something is to be done next, ISO 8601. */
  next: z.string(),
  /** The position of the last step that looks for another rep: what comes next waits for what came of it. */
  looked: z.number(),
});
export type DeadlineDocument = Readonly<z.infer<typeof deadlineDocument>>;

/** Sorts after every time: nothing is to be done any more. */
const never = '~';

const begun = (projectId: string, leadId: string, { data }: LeadFact<'ResponseDue'>): DeadlineDocument => {
  const plan = planOf(data);
  return { projectId, leadId, ...plan, next: nextDue(plan) ?? never, looked: 0 };
};

const changed = (doc: DeadlineDocument, change: Partial<ResponsePlan & DeadlineDocument>): DeadlineDocument => {
  const after = { ...doc, ...change };
  return { ...after, next: nextDue(after) ?? never };
};

const evolve = (doc: DeadlineDocument | undefined, event: Recorded<LeadEvent>): DeadlineDocument | undefined => {
  switch (event.type) {
    case 'ResponseDue': {
      const { projectId = '', id = '' } = streamParts('lead', event.stream) ?? {};
      return begun(projectId, id, event);
    }
    case 'ResponseAtRisk':
      return doc && changed(doc, { atRisk: true });
    case 'ResponseOverdue':
      return doc && changed(doc, { atRisk: true, overdue: true });
    case 'ResponseStepTaken': {
      const { step, action } = event.data;
      const looked = action === 're-route' ? { looked: event.position } : {};
      return doc && changed(doc, { taken: step + 1, ...looked });
    }
    default:
      return undefined;
  }
};

/** The replies that are waited for, of all projects. */
export const deadlines: Projection<DeadlineDocument, LeadEvent> = {
  name: 'deadlines',
  streams: [streamsOf('lead')],
  types: [
    ...(['LeadAssigned', 'ResponseDue', 'ResponseAtRisk', 'ResponseOverdue', 'ResponseStepTaken'] as const),
    ...(['LeadAccepted', 'LeadDeclined', 'LeadUnassigned', 'LeadClosed', 'LeadMerged'] as const),
  ],
  document: deadlineDocument,
  indexes: [['next'], ['projectId', 'dueAt'], ['projectId', 'repId', 'dueAt'], ['projectId', 'teamId', 'dueAt']],
  keys: ({ stream }) => {
    const parts = streamParts('lead', stream);
    return parts ? [{ project: allProjects, id: `${parts.projectId}.${parts.id}` }] : [];
  },
  evolve,
};
