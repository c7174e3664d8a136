import { Rejection } from '../../domain/rejection.ts';
import type { WorkKind } from '../../domain/work/work-item.ts';
import { workIdSchema } from '../../domain/work/work-item.ts';
import type { WorkItemDocument } from '../../projections/work-items.ts';
import { workItems as collection, workStatus } from '../../projections/work-items.ts';
import { leadNames } from '../lead/lead-names.ts';
import type { Condition, Page, QueryContext, Range, Sort } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';

/** How work items can be, and what they can be listed by. */
export const workStatuses = workStatus.options;
export const workSorts = ['due', '-openedAt', 'priority'] as const;

/** Which work items are asked for: all that fit. */
export type WorkFilters = {
  readonly kind?: WorkKind | undefined;
  readonly status?: WorkItemDocument['status'] | undefined;
  readonly team?: string | undefined;
  readonly assignee?: string | undefined;
  readonly lead?: string | undefined;
};

type WorkSort = (typeof workSorts)[number];

const ascending = (fields: readonly (keyof WorkItemDocument)[]): readonly Sort<WorkItemDocument>[] =>
  fields.map((field) => ({ field, direction: 'asc' }));

/** The order that a list is asked in. Where a status is asked for, all or nothing of it has ended. */
const orderOf = (sort: WorkSort, { status }: WorkFilters): readonly Sort<WorkItemDocument>[] => {
  if (sort === '-openedAt') return [{ field: 'openedAt', direction: 'desc' }];
  const fields = sort === 'priority' ? (['rank', 'dueAt'] as const) : (['dueAt'] as const);
  return ascending(status === undefined ? ['ended', ...fields] : fields);
};

// A claim whose time ran out is none, whether anybody noted that or not.
const statusIs = (status: WorkFilters['status'], now: string): readonly Condition<WorkItemDocument>[] => {
  if (status === 'open')
    return [
      { field: 'ended', op: 'eq', value: 0 },
      { field: 'until', op: 'lte', value: now },
    ];
  return [
    ...equal<WorkItemDocument>('status', status),
    ...(status === 'claimed' ? [{ field: 'until', op: 'gt', value: now } as const] : []),
    ...(status === undefined ? [] : [{ field: 'ended', op: 'eq', value: status === 'claimed' ? 0 : 1 } as const]),
  ];
};

const conditionsOf = (filters: WorkFilters, now: Date): readonly Condition<WorkItemDocument>[] => [
  ...equal<WorkItemDocument>('kind', filters.kind),
  ...equal<WorkItemDocument>('teamId', filters.team),
  ...equal<WorkItemDocument>('assignee', filters.assignee),
  ...equal<WorkItemDocument>('leadId', filters.lead),
  ...statusIs(filters.status, now.toISOString()),
];

const viewAt = (doc: WorkItemDocument, now: string, leadName: string | undefined) => {
  const isClaimed = doc.status === 'claimed';
  const held = isClaimed && doc.until > now && doc.by !== undefined;
  return {
    workId: doc.workId,
    kind: doc.kind,
    status: isClaimed && doc.until <= now ? ('open' as const) : doc.status,
    leadId: doc.leadId,
    teamId: doc.teamId,
    assignee: doc.assignee,
    priority: doc.priority,
    dueAt: doc.dueAt,
    reason: doc.reason,
    details: doc.details,
    openedAt: doc.openedAt,
    updatedAt: doc.updatedAt,
    escalations: doc.escalations,
    resolution: doc.resolution,
    closedAt: doc.closedAt,
    closedBy: doc.closedBy,
    closedReason: doc.closedReason,
    revision: doc.revision,
    overdue: doc.ended === 0 && doc.dueAt <= now,
    ...(held && { by: doc.by, until: doc.until }),
    leadName,
  };
};

/** A work item as its project sees it. */
export type WorkItem = ReturnType<typeof viewAt>;

/** Makes the views of some documents as of a time, each with what its lead is called by now. */
const viewing = async (
  context: QueryContext,
  projectId: string,
  docs: readonly WorkItemDocument[],
): Promise<(doc: WorkItemDocument) => WorkItem> => {
  const now = context.clock().toISOString();
  const ids = docs.flatMap(({ leadId }) => (leadId === undefined ? [] : [leadId]));
  const names = await leadNames(context, projectId, ids);
  return (doc) => viewAt(doc, now, names.get(doc.leadId ?? ''));
};

/** The same id, if a work item can be called so. Throws a `Rejection` when there can be none. */
export const workIdIn = ({ workId }: { readonly workId: string }): string => {
  if (workIdSchema.safeParse(workId).success) return workId;
  throw new Rejection('work-item-unknown', `There is no work item ${workId}`);
};

/** A page of what people of a project must look at, as things are now. */
export const workItems = async (
  context: QueryContext,
  projectId: string,
  { filters, sort, range }: { readonly filters: WorkFilters; readonly sort: WorkSort; readonly range: Range },
): Promise<Page<WorkItem>> => {
  const where = conditionsOf(filters, context.clock());
  const page = await context.readModels.find(projectId, collection, { where, sort: orderOf(sort, filters), ...range });
  return viewsOf(page, await viewing(context, projectId, page.docs));
};

/** A work item of the project. Throws a `Rejection` when there is none. */
export const workItemOf = async (context: QueryContext, projectId: string, workId: string): Promise<WorkItem> => {
  const doc = await context.readModels.get(projectId, collection, workIdIn({ workId }));
  if (doc) return (await viewing(context, projectId, [doc]))(doc);
  throw new Rejection('work-item-unknown', `There is no work item ${workId}`);
};
