import type { DeadlineDocument } from '../../projections/deadlines.ts';
import { deadlines as collection } from '../../projections/deadlines.ts';
import { allProjects } from '../../projections/projects.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';

const viewAt = (doc: DeadlineDocument, now: string) => {
  const { leadId, repId, teamId, atRiskAt, dueAt, steps, taken } = doc;
  const late = dueAt <= now ? ('overdue' as const) : ('at-risk' as const);
  const next = steps[taken];
  return {
    leadId,
    repId,
    teamId: teamId === '' ? undefined : teamId,
    atRiskAt,
    dueAt,
    status: atRiskAt <= now ? late : ('in-time' as const),
    next: next && { at: next.at, action: next.action },
  };
};

/** A reply that is waited for, and how late it is. */
export type Deadline = ReturnType<typeof viewAt>;

/** Whose replies are asked for. */
type Whose = { readonly repId?: string | undefined; readonly teamId?: string | undefined };

/** A page of the replies that a project waits for, by when they are due. */
export const deadlines = async (
  { readModels, clock }: QueryContext,
  projectId: string,
  { repId, teamId }: Whose,
  range: Range,
): Promise<Page<Deadline>> => {
  const page = await readModels.find(allProjects, collection, {
    where: [...equal('projectId', projectId), ...equal('repId', repId), ...equal('teamId', teamId)],
    sort: [{ field: 'dueAt', direction: 'asc' }],
    ...range,
  });
  const now = clock().toISOString();
  return viewsOf(page, (doc) => viewAt(doc, now));
};
