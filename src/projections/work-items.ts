import { z } from 'zod';
import { jsonObject } from '../domain/lead/activity.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { WorkItemEvent } from '../domain/work/work-item.ts';
import { nowFor, priorities, resolution, workKind, workPriority } from '../domain/work/work-item.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

export const workStatus = z.enum(['open', 'claimed', 'completed', 'cancelled']);

export const workItemDocument = z.object({
  workId: z.string(),
  kind: workKind,
  /** As recorded: of a claim whose time ran out, `until` knows more. */
  status: workStatus,
  leadId: z.string().optional(),
  teamId: z.string().optional(),
  assignee: z.string().optional(),
  priority: workPriority,
  dueAt: z.string(),
  reason: z.string(),
  details: jsonObject,
  openedAt: z.string(),
  updatedAt: z.string(),
  /** Who has it; nobody when it is missing. */
  by: z.string().optional(),
  /** From when on somebody may take it, ISO 8601; empty for at once. */
  until: z.string(),
  escalations: z.number(),
  resolution: resolution.optional(),
  closedAt: z.string().optional(),
  closedBy: z.string().optional(),
  closedReason: z.string().optional(),
  /** 1 once nobody needs to look any more, else 0. */
  ended: z.number(),
  /** 0 for the highest priority. */
  rank: z.number(),
  revision: z.number(),
});
export type WorkItemDocument = Readonly<z.infer<typeof workItemDocument>>;

type Opened = Extract<WorkItemEvent, { type: 'WorkItemOpened' }>['data'];

const rankOf = (priority: Opened['priority']): number => priorities.length - 1 - priorities.indexOf(priority);

const opened = ({ projectId: _, ...item }: Opened, revision: number): WorkItemDocument => ({
  ...item,
  status: 'open',
  until: '',
  escalations: 0,
  ended: 0,
  rank: rankOf(item.priority),
  updatedAt: item.openedAt,
  revision,
});

const escalated = (
  { teamId: _, assignee: __, ...doc }: WorkItemDocument,
  before: WorkItemDocument,
  data: Extract<WorkItemEvent, { type: 'WorkItemEscalated' }>['data'],
): WorkItemDocument => {
  const { teamId, assignee } = nowFor(before, data);
  return {
    ...doc,
    status: 'open',
    priority: data.priority,
    rank: rankOf(data.priority),
    escalations: doc.escalations + 1,
    ...(teamId !== undefined && { teamId }),
    ...(assignee !== undefined && { assignee }),
  };
};

const evolve = (doc: WorkItemDocument | undefined, event: Recorded<WorkItemEvent>): WorkItemDocument | undefined => {
  const { revision } = event;
  if (event.type === 'WorkItemOpened') return doc ?? opened(event.data, revision);
  // What was ended stays so, whatever comes after.
  if (!doc || doc.ended === 1) return doc;
  const { by: _, ...rest } = doc;
  const free = { ...rest, until: '', revision, updatedAt: event.recordedAt.toISOString() };
  switch (event.type) {
    case 'WorkItemClaimed':
      return { ...free, status: 'claimed', by: event.data.by, until: event.data.until };
    case 'WorkItemReleased':
      return { ...free, status: 'open' };
    case 'WorkItemEscalated':
      return escalated(free, doc, event.data);
    case 'WorkItemCompleted': {
      const { by: closedBy, reason: closedReason, completedAt: closedAt, resolution: how } = event.data;
      return { ...free, status: 'completed', ended: 1, resolution: how, closedAt, closedBy, closedReason };
    }
    case 'WorkItemCancelled': {
      const { by: closedBy, reason: closedReason, cancelledAt: closedAt } = event.data;
      return { ...free, status: 'cancelled', ended: 1, closedAt, closedBy, closedReason };
    }
    default:
      return doc;
  }
};

/** What people of a project must look at, and what came of it. */
export const workItems: Projection<WorkItemDocument, WorkItemEvent> = {
  name: 'work-items',
  streams: [streamsOf('work')],
  document: workItemDocument,
  indexes: [
    ['ended', 'dueAt'],
    ['ended', 'rank', 'dueAt'],
    ['openedAt'],
    ['kind', 'ended', 'dueAt'],
    ['teamId', 'ended', 'dueAt'],
    ['assignee', 'ended', 'dueAt'],
    ['leadId', 'ended', 'dueAt'],
  ],
  keys: ({ stream }) => {
    const parts = streamParts('work', stream);
    return parts ? [{ project: parts.projectId, id: parts.id }] : [];
  },
  evolve,
};

/** The kinds of what is counted. */
export const openKinds = workKind.options;

const openDocument = z.object({ workId: z.string(), kind: workKind });
type OpenDocument = Readonly<z.infer<typeof openDocument>>;

/** What people must look at in any project, for as long as they must: so that it can be counted. */
export const openWorkItems: Projection<OpenDocument, WorkItemEvent> = {
  name: 'open-work-items',
  streams: [streamsOf('work')],
  document: openDocument,
  indexes: [['kind']],
  keys: ({ stream }) => {
    const parts = streamParts('work', stream);
    return parts ? [{ project: allProjects, id: `${parts.projectId}.${parts.id}` }] : [];
  },
  evolve: (doc, { type, data, revision }) => {
    if (type === 'WorkItemOpened' && revision === 0)
      return { workId: `${data.projectId}.${data.workId}`, kind: data.kind };
    return type === 'WorkItemCompleted' || type === 'WorkItemCancelled' ? undefined : doc;
  },
};
