import type { Json } from '../../domain/lead/activity.ts';
import { parsedJson } from '../../domain/lead/activity.ts';
import type { RejectEvent } from '../../domain/sources/reject.ts';
import { mustBeKept, reject, rejectStreamId } from '../../domain/sources/reject.ts';
import { streamOf } from '../../domain/streams.ts';
import { allProjects } from '../../projections/projects.ts';
import type { RejectDocument } from '../../projections/rejects.ts';
import { rejects as collection, rejectStatus, rejectTotals } from '../../projections/rejects.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';

export const rejectStatuses = rejectStatus.options;

/** Which rejects are asked for: all that fit. */
export type RejectFilters = {
  readonly sourceId?: string | undefined;
  readonly code?: string | undefined;
  readonly status?: RejectDocument['status'] | undefined;
};

/** What was sent, as it is kept: an item as JSON, `whole` for all of a webhook, or what is not JSON. */
export type RejectBody = { readonly text: string; readonly form: 'item' | 'whole' | 'text'; readonly cut: boolean };

/** What was sent with a reject; undefined when that is forgotten. */
export const rejectBody = async (
  { states }: Pick<QueryContext, 'states'>,
  projectId: string,
  rejectId: string,
): Promise<RejectBody | undefined> => {
  const stream = streamOf(reject.name, rejectStreamId(projectId, rejectId));
  const [first] = await states.read<RejectEvent>(stream, -1, 1);
  if (first?.type !== 'RejectKept') return undefined;
  const { body, form, cut = false } = first.data;
  return { text: body, form, cut };
};

/** What is kept as JSON, as that; else the text. */
const bodyView = (body: RejectBody | undefined): Json => {
  if (!body) return null;
  if (body.form === 'text' || body.cut) return body.text;
  return parsedJson(body.text);
};

const view = (
  { rejectId, receivedAt, via, sourceId, code, detail, pointer, status }: Omit<RejectDocument, 'projectId' | 'bytes'>,
  body: RejectBody | undefined,
) => ({
  rejectId,
  receivedAt,
  via,
  ...(sourceId !== undefined && { sourceId }),
  code,
  detail,
  ...(pointer !== undefined && { pointer }),
  body: status === 'open' ? bodyView(body) : null,
  status,
});

/** A reject as it is shown. */
export type RejectView = ReturnType<typeof view>;

const where = (projectId: string, { sourceId, code, status }: RejectFilters) => [
  ...equal<RejectDocument>('projectId', projectId),
  ...equal<RejectDocument>('sourceId', sourceId),
  ...equal<RejectDocument>('code', code),
  ...equal<RejectDocument>('status', status),
];

/** How much of what was sent one page tells, in bytes, but for the first. */
const pageBytes = 1024 * 1024;

/** The beginning of a page that tells no more than that; where it ends early, `next` is behind its last. */
const withinBytes = ({ docs, next }: Page<RejectDocument>): Page<RejectDocument> => {
  let bytes = 0;
  const end = docs.findIndex((doc, index) => {
    bytes += doc.status === 'open' ? doc.bytes : 0;
    return bytes > pageBytes && index > 0;
  });
  const last = docs[end - 1];
  if (!last) return { docs, ...(next && { next }) };
  return { docs: docs.slice(0, end), next: [last.receivedAt, `${last.projectId}.${last.rejectId}`] };
};

/** A page of what was refused, the newest first. It may be shorter than asked for. */
export const rejects = async (
  context: QueryContext,
  projectId: string,
  filters: RejectFilters,
  range: Range,
): Promise<Page<RejectView>> => {
  const query = { where: where(projectId, filters), sort: [{ field: 'receivedAt', direction: 'desc' }] as const };
  const page = withinBytes(await context.readModels.find(allProjects, collection, { ...query, ...range }));
  const bodies = new Map<string, RejectBody | undefined>();
  for (const { rejectId, status } of page.docs)
    if (status === 'open') bodies.set(rejectId, await rejectBody(context, projectId, rejectId));
  return viewsOf(page, (doc) => view(doc, bodies.get(doc.rejectId)));
};

/** How many open rejects of a project went to make room for others. */
export const rejectsDropped = async (
  { readModels }: Pick<QueryContext, 'readModels'>,
  projectId: string,
): Promise<number> => (await readModels.get(allProjects, rejectTotals, projectId))?.dropped ?? 0;

/** A reject of the project as it is now. Throws a `Rejection` when there is none. */
export const rejectOf = async ({ states }: Pick<QueryContext, 'states'>, projectId: string, rejectId: string) => {
  const { state } = await states.refresh(reject, rejectStreamId(projectId, rejectId));
  return mustBeKept(state, rejectId);
};
