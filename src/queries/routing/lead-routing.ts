import type { LeadState } from '../../domain/lead/lead.ts';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { findLead } from '../../flows/resolve.ts';
import { routings } from '../../projections/routings.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { viewsOf } from '../queries.ts';

const viewOf = (leadId: string, { ownership }: LeadState) => {
  const { status, repId, teamId, decision, assignedAt, acceptedAt, plan, outcome, workIds } = ownership;
  const assigned = status === 'assigned' && repId !== undefined;
  return {
    leadId,
    status,
    ...(assigned && { repId, decision, assignedAt, ...(teamId && { teamId }) }),
    acceptedAt,
    dueAt: plan?.dueAt,
    outcome,
    workIds: [...workIds],
  };
};

/** Whose a lead is, as of now. */
export type LeadRouting = {
  readonly view: ReturnType<typeof viewOf>;
  readonly revision: number;
  /** The leads that were merged into it and had been routed: their history is part of its own. */
  readonly histories: readonly string[];
};

/** Whose the lead is that an id leads to. Throws a `Rejection` when there is none. */
export const leadRoutingOf = async (
  { states }: QueryContext,
  projectId: string,
  asked: string,
): Promise<LeadRouting> => {
  const found = await findLead(states, projectId, asked);
  if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${asked}`);
  const { leadId } = found;
  const { state, revision } = await states.refresh(lead, leadStreamId(projectId, leadId));
  return { view: viewOf(leadId, state), revision, histories: state.ownership.histories };
};

/** Something that was decided about whose a lead is, or came of it. Its data is as recorded. */
export type RoutingEntry = {
  readonly type: string;
  readonly at: string;
  readonly leadId: string;
  readonly revision: number;
  readonly data: Record<string, unknown>;
};

/** A page of all that was decided about a lead and those that were merged into it, newest first. */
export const routingHistoryOf = async (
  { readModels }: QueryContext,
  projectId: string,
  { view: { leadId }, histories }: LeadRouting,
  range: Range,
): Promise<Page<RoutingEntry>> => {
  const page = await readModels.find(projectId, routings, {
    where: [
      histories.length === 0
        ? { field: 'leadId', op: 'eq', value: leadId }
        : { field: 'leadId', op: 'in', value: [leadId, ...histories] },
    ],
    sort: [{ field: 'position', direction: 'desc' }],
    ...range,
  });
  return viewsOf(page, ({ type, recordedAt: at, leadId: about, revision, data }) => ({
    type,
    at,
    leadId: about,
    revision,
    data,
  }));
};
