import { z } from 'zod';
import { jsonObject } from '../../domain/lead/activity.ts';
import { priorities, resolution, workKind } from '../../domain/work/work-item.ts';
import { workSorts, workStatuses } from '../../queries/work/work-items.ts';
import { paging } from '../http/paging.ts';

const name = z.string().min(1).max(256).optional();
const workStatus = z.enum(workStatuses);

/** What a list of work items may be asked. */
export const workItemQuery = z.object({
  kind: workKind.optional(),
  status: workStatus.optional(),
  team: name,
  assignee: name.describe('Whom it is for'),
  lead: name,
  sort: z.enum(workSorts).default('due').describe('With `due` and `priority`, what has ended comes last'),
  ...paging,
});

/** A work item as its project sees it. */
export const workItemView = z.object({
  workId: z.string(),
  kind: workKind,
  status: workStatus,
  leadId: z.string().optional(),
  teamId: z.string().optional(),
  assignee: z.string().optional(),
  priority: z.enum(priorities),
  dueAt: z.string(),
  reason: z.string(),
  details: jsonObject,
  openedAt: z.string(),
  updatedAt: z.string(),
  by: z.string().optional().describe('Who has it'),
  until: z.string().optional().describe('Until when somebody has it'),
  escalations: z.number(),
  resolution: resolution.optional(),
  closedAt: z.string().optional(),
  closedBy: z.string().optional(),
  closedReason: z.string().optional(),
  revision: z.number(),
  leadName: z.string().optional().describe('What the lead is called now: by its profile, its e-mail address or userId'),
  overdue: z.boolean(),
});
