import { z } from 'zod';
import { isoTime, jsonObject } from '../lead/activity.ts';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';

/** Why somebody must look at something. */
export const workKind = z.enum([
  'routing_failed',
  'approval_required',
  'deadline_missed',
  'link_refused',
  'failed_work',
]);
export type WorkKind = z.infer<typeof workKind>;

/** How much it matters, least first. */
export const priorities = ['low', 'normal', 'high', 'urgent'] as const;
export const workPriority = z.enum(priorities);
export type WorkPriority = z.infer<typeof workPriority>;

/** What came of it. */
export const resolution = z.enum(['done', 'approved', 'rejected']);
export type Resolution = z.infer<typeof resolution>;

/** What a work item may be called inside its project: it is the end of a stream's name. */
export const workIdSchema = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/);

/** The facts of a work item's stream, `work-<projectId>.<workId>`: something that a person must look at. Shapes are forever. */
export const workItemEvents = {
  WorkItemOpened: z
    .strictObject({
      projectId: z.string(),
      workId: workIdSchema,
      kind: workKind,
      leadId: z.string().optional(),
      teamId: z.string().optional(),
      assignee: z.string().optional(),
      priority: workPriority,
      dueAt: isoTime,
      reason: z.string(),
      details: jsonObject,
      openedAt: isoTime,
    })
    .describe('Somebody must look at something. `dueAt` never changes; `details` says what is known, by kind.'),
  WorkItemClaimed: z
    .strictObject({ by: z.string(), until: isoTime, claimedAt: isoTime })
    .describe('Somebody took the item, and has it until a time; then another may take it.'),
  WorkItemReleased: z
    .strictObject({ by: z.string(), reason: z.string(), releasedAt: isoTime })
    .describe('The item is everybody’s again. `by` is `lease` when the time of the claim ran out.'),
  WorkItemEscalated: z
    .strictObject({
      by: z.string(),
      reason: z.string(),
      priority: workPriority,
      teamId: z.string().optional(),
      assignee: z.string().optional(),
      escalatedAt: isoTime,
    })
    .describe('The item matters more from now on, to whom it names if it names anybody, and nobody has it.'),
  WorkItemCompleted: z
    .strictObject({
      by: z.string(),
      resolution: resolution,
      reason: z.string(),
      completedAt: isoTime,
    })
    .describe('It was seen to, or decided.'),
  WorkItemCancelled: z
    .strictObject({ by: z.string(), reason: z.string(), cancelledAt: isoTime })
    .describe('Nobody needs to look any more.'),
} as const;
export type WorkItemEvent = EventsOf<typeof workItemEvents>;

export type WorkItemState = {
  /** As recorded; `statusAt` says what it comes to at a time. */
  readonly status: 'unknown' | 'open' | 'claimed' | 'completed' | 'cancelled';
  readonly kind: WorkKind | undefined;
  readonly leadId: string | undefined;
  readonly priority: WorkPriority;
  readonly teamId: string | undefined;
  readonly assignee: string | undefined;
  /** Who has it, and until when (ISO 8601); empty while nobody has. */
  readonly by: string;
  readonly until: string;
  readonly resolution: Resolution | undefined;
};

const initial: WorkItemState = {
  status: 'unknown',
  kind: undefined,
  leadId: undefined,
  priority: 'normal',
  teamId: undefined,
  assignee: undefined,
  by: '',
  until: '',
  resolution: undefined,
};

const free = { by: '', until: '' } as const;

/** Whether it was ended, one way or the other. */
export const isClosed = ({ status }: WorkItemState): boolean => status === 'completed' || status === 'cancelled';

/** Whom an item is for after it was escalated: a team that is named takes the place of a person that is not. */
export const nowFor = <T extends { readonly teamId?: string | undefined; readonly assignee?: string | undefined }>(
  before: T,
  named: { readonly teamId?: string | undefined; readonly assignee?: string | undefined },
): { readonly teamId: string | undefined; readonly assignee: string | undefined } => ({
  teamId: named.teamId ?? before.teamId,
  assignee: named.assignee ?? (named.teamId === undefined ? before.assignee : undefined),
});

// What was ended stays so, whatever comes after.
const evolve = (state: WorkItemState, event: WorkItemEvent): WorkItemState => {
  if (event.type === 'WorkItemOpened') {
    const { kind, leadId, teamId, assignee, priority } = event.data;
    return state.status === 'unknown' ? { ...state, status: 'open', kind, leadId, teamId, assignee, priority } : state;
  }
  if (state.status === 'unknown' || isClosed(state)) return state;
  switch (event.type) {
    case 'WorkItemClaimed':
      return { ...state, status: 'claimed', by: event.data.by, until: event.data.until };
    case 'WorkItemReleased':
      return { ...state, ...free, status: 'open' };
    case 'WorkItemEscalated':
      return { ...state, ...free, ...nowFor(state, event.data), status: 'open', priority: event.data.priority };
    case 'WorkItemCompleted':
      return { ...state, ...free, status: 'completed', resolution: event.data.resolution };
    case 'WorkItemCancelled':
      return { ...state, ...free, status: 'cancelled' };
    default:
      return unchanged(state, event);
  }
};

export const workItem: Aggregate<WorkItemState, WorkItemEvent> = { name: 'work', initial, evolve };

/** The stream of a work item without the beginning `work-`. */
export const workStreamId = ({ projectId, workId }: { readonly projectId: string; readonly workId: string }): string =>
  `${projectId}.${workId}`;

/** The next higher priority, if there is one. */
export const raised = (priority: WorkPriority): WorkPriority =>
  priorities[priorities.indexOf(priority) + 1] ?? priority;
