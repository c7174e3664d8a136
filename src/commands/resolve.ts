import type { Identifier } from '../domain/identity.ts';
import { leadIdOf } from '../domain/identity.ts';
import type { LeadState } from '../domain/lead.ts';
import { lead } from '../domain/lead.ts';
import { project } from '../domain/project.ts';
import { Rejection } from '../domain/rejection.ts';
import type { PublishedModel } from '../domain/scoring-model.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Folded, States } from './state.ts';

/** The lead that an id leads to, and the merged streams on the way to it, the id's own first. */
export type Resolved = {
  readonly leadId: string;
  readonly lead: Folded<LeadState>;
  readonly way: readonly LeadState[];
};

/**
 * Follows the merges from a lead id to the lead that lives. Undefined when nobody used the id. `fresh`: with everything
 * that the store has by now. Merges only ever lead to an older lead, so the way ends.
 */
export const findLead = async (
  states: States,
  projectId: string,
  leadId: string,
  fresh = false,
): Promise<Resolved | undefined> => {
  const way: LeadState[] = [];
  let id = leadId;
  for (;;) {
    const stream = leadStreamId(projectId, id);
    const known = await states.get(lead, stream);
    const { status: before } = known.state;
    // A merge is for ever. Where it leads there is a lead: a memory of an unused stream is from before.
    const outdated = before !== 'merged' && (fresh || (before === 'unused' && way.length > 0));
    const folded = outdated ? await states.refresh(lead, stream) : known;
    const { status, into } = folded.state;
    if (status === 'lead') return { leadId: id, lead: folded, way };
    if (into === undefined) return undefined;
    way.push(folded.state);
    id = into;
  }
};

/** The lead that an identifier leads to. */
export const findLeadBy = (states: States, projectId: string, identifier: Identifier, fresh = false) =>
  findLead(states, projectId, leadIdOf(projectId, identifier), fresh);

/** Does something with the scoring model in force; once more with the newest one when a lead was scored with a newer model already. */
export const withScoring = async <T>(
  states: States,
  projectId: string,
  use: (scoring: PublishedModel) => Promise<T>,
): Promise<T> => {
  try {
    return await use((await states.get(project, projectId)).state.scoring);
  } catch (error) {
    if (!(error instanceof Rejection && error.code === 'scoring-model-outdated')) throw error;
    return use((await states.refresh(project, projectId)).state.scoring);
  }
};
