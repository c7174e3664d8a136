import { Rejection } from '../../domain/rejection.ts';
import type { DeadLetterDocument } from '../../projections/dead-letters.ts';
import { deadLetters as collection } from '../../projections/dead-letters.ts';
import { allProjects } from '../../projections/projects.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';

const viewOf = (doc: DeadLetterDocument) => ({
  id: doc.id,
  projectId: doc.projectId,
  kind: doc.kind,
  reactor: doc.reactor,
  status: doc.status,
  error: doc.error,
  attempts: doc.attempts,
  firstFailedAt: doc.firstFailedAt,
  lastFailedAt: doc.lastFailedAt,
  event: doc.event && {
    id: doc.event.id,
    type: doc.event.type,
    stream: doc.event.stream,
    revision: doc.event.revision,
    position: doc.event.position,
  },
});

/** What failed and waits for somebody. Why it did, `error`, is an internal text. */
export type DeadLetter = ReturnType<typeof viewOf>;

/** Which are asked for: of a project or of all, and of one status where one is named. */
export type DeadLetterFilters = {
  readonly projectId: string | undefined;
  readonly status?: DeadLetterDocument['status'];
};

/** A page of what failed, the last to fail first. */
export const deadLetters = async (
  { readModels }: QueryContext,
  { projectId, status }: DeadLetterFilters,
  range: Range,
): Promise<Page<DeadLetter>> => {
  const page = await readModels.find(allProjects, collection, {
    where: [...equal('projectId', projectId), ...equal('status', status)],
    sort: [{ field: 'lastFailedAt', direction: 'desc' }],
    ...range,
  });
  return viewsOf(page, viewOf);
};

/** What failed, by its id, of a project or of all. Throws a `Rejection` when there is none. */
export const deadLetterOf = async (
  { readModels }: QueryContext,
  projectId: string | undefined,
  id: string,
): Promise<DeadLetter> => {
  const doc = await readModels.get(allProjects, collection, id);
  if (doc && (projectId === undefined || projectId === doc.projectId)) return viewOf(doc);
  throw new Rejection('work-unknown', `Nothing that failed is called ${id}`);
};
