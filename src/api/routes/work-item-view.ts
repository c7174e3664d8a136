import { z } from 'zod';
import { Rejection } from '../../domain/rejection.ts';
import { priorities, workIdSchema, workKind } from '../../domain/work/work-item.ts';
import type { WorkItemDocument } from '../../projections/work-items.ts';
import { workItemDocument, workItems as collection, workStatus } from '../../projections/work-items.ts';
import type { Condition, Sort } from '../../readmodels/queries.ts';
import { leadNames } from './lead-names.ts';
import { paging } from '../http/paging.ts';
import type { ApiContext } from '../http/context.ts';

const name = z.string().min(1).max(256).optional();
const sorts = ['due', '-openedAt', 'priority'] as const;

/** What a list of work items may be asked. */
export const workItemQuery = z.object({
  kind: workKind.optional(),
  status: workStatus.optional(),
  team: name,
  assignee: name.describe('Whom it is for'),
  lead: name,
  sort: z.enum(sorts).default('due').describe('With `due` and `priority`, what has ended comes last'),
  ...paging,
});
type Query = z.infer<typeof workItemQuery>;

const ascending = (fields: readonly (keyof WorkItemDocument)[]): readonly Sort<WorkItemDocument>[] =>
  fields.map((field) => ({ field, direction: 'asc' }));

/** The order that a list is asked in. Where a status is asked for, all or nothing of it has ended. */
export const orderOf = ({ sort, status }: Pick<Query, 'sort' | 'status'>): readonly Sort<WorkItemDocument>[] => {
  if (sort === '-openedAt') return [{ field: 'openedAt', direction: 'desc' }];
  const fields = sort === 'priority' ? (['rank', 'dueAt'] as const) : (['dueAt'] as const);
  return ascending(status === undefined ? ['ended', ...fields] : fields);
};

const is = (field: keyof WorkItemDocument, value: string | undefined): readonly Condition<WorkItemDocument>[] =>
  value === undefined ? [] : [{ field, op: 'eq', value }];

// A claim whose time ran out is none, whether anybody noted that or not.
const statusIs = (status: Query['status'], now: string): readonly Condition<WorkItemDocument>[] => {
  if (status === 'open')
    return [
      { field: 'ended', op: 'eq', value: 0 },
      { field: 'until', op: 'lte', value: now },
    ];
  return [
    ...is('status', status),
    ...(status === 'claimed' ? [{ field: 'until', op: 'gt', value: now } as const] : []),
    ...(status === undefined ? [] : [{ field: 'ended', op: 'eq', value: status === 'claimed' ? 0 : 1 } as const]),
  ];
};

/** The conditions of what a list is asked, as things are now. */
export const conditionsOf = (
  query: Omit<Query, 'limit' | 'cursor' | 'sort'>,
  now: Date,
): readonly Condition<WorkItemDocument>[] => [
  ...is('kind', query.kind),
  ...is('teamId', query.team),
  ...is('assignee', query.assignee),
  ...is('leadId', query.lead),
  ...statusIs(query.status, now.toISOString()),
];

/** A work item as its project sees it. */
export const workItemView = workItemDocument.omit({ ended: true, rank: true }).extend({
  until: z.string().optional().describe('Until when somebody has it'),
  by: z.string().optional().describe('Who has it'),
  priority: z.enum(priorities),
  leadName: z.string().optional().describe('What the lead is called now: by its profile, its e-mail address or userId'),
  overdue: z.boolean(),
});

const viewAt = (doc: WorkItemDocument, now: Date): z.infer<typeof workItemView> => {
  const { ended, rank: _, by, until, ...shown } = doc;
  const time = now.toISOString();
  const held = doc.status === 'claimed' && until > time;
  return {
    ...shown,
    overdue: ended === 0 && doc.dueAt <= time,
    ...(doc.status === 'claimed' && { status: held ? ('claimed' as const) : ('open' as const) }),
    ...(held && by !== undefined && { by, until }),
  };
};

/** Makes the views of some documents as of now, each with what its lead is called by now. */
export const viewing = async (api: ApiContext, projectId: string, docs: readonly WorkItemDocument[]) => {
  const now = api.clock();
  const ids = docs.flatMap(({ leadId }) => (leadId === undefined ? [] : [leadId]));
  const names = await leadNames(api, projectId, ids);
  return (doc: WorkItemDocument): z.infer<typeof workItemView> => {
    const leadName = names.get(doc.leadId ?? '');
    return { ...viewAt(doc, now), ...(leadName !== undefined && { leadName }) };
  };
};

/** The same id, if a work item can be called so. Throws `Rejection` when there can be none. */
export const workIdIn = ({ workId }: { readonly workId: string }): string => {
  if (workIdSchema.safeParse(workId).success) return workId;
  throw new Rejection('work-item-unknown', `There is no work item ${workId}`);
};

/** A work item of the project. Throws `Rejection` when there is none. */
export const workItemOf = async (
  { readModels }: ApiContext,
  projectId: string,
  workId: string,
): Promise<WorkItemDocument> => {
  const doc = await readModels.get(projectId, collection, workIdIn({ workId }));
  if (doc) return doc;
  throw new Rejection('work-item-unknown', `There is no work item ${workId}`);
};
