import { lead } from '../../domain/lead/lead.ts';
import type { LeadState } from '../../domain/lead/lead.ts';
import { scorable } from '../../domain/lead/scorable.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Explanation } from '../../domain/scoring/explanation.ts';
import { explain } from '../../domain/scoring/explanation.ts';
import type { PublishedModel } from '../../domain/scoring/published-model.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { findLead } from '../../flows/resolve.ts';
import type { QueryContext } from '../queries.ts';

/** With more activities than this it takes long to explain a lead's score. */
const manyActivities = 2_000;

/** What a score is made of: what the lead did, and the model in force. */
export type Scored = { readonly leadId: string; readonly state: LeadState; readonly scoring: PublishedModel };

/** The lead that an id leads to and its project's model, as of now. Throws a `Rejection` when there is none. */
export const leadNow = async (
  { states }: QueryContext,
  projectId: string,
  asked: string,
): Promise<Scored & { readonly revision: number }> => {
  const found = await findLead(states, projectId, asked);
  if (!found) throw new Rejection('lead-unknown', `Project ${projectId} has no lead ${asked}`);
  const { leadId } = found;
  // Another process may have appended: what explains a score should not lag behind what others can read.
  const { state, revision } = await states.refresh(lead, leadStreamId(projectId, leadId));
  const { scoring } = (await states.get(project, projectId)).state;
  return { leadId, state, scoring, revision };
};

/** Whether it takes long to explain a lead's score. */
export const takesLong = ({ state }: Scored): boolean => state.activities.size > manyActivities;

/** Why a lead has its score as of a time. */
export const explanationOf = (
  { leadId, state, scoring }: Scored,
  asOf: Date,
): Explanation & { readonly leadId: string } => ({ leadId, ...explain(scoring, scorable(state), asOf.getTime()) });
