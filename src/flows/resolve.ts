import type { Identifier, Unresolved } from '../domain/identity/identity.ts';
import { identifierKey, identifierKinds, leadIdOf } from '../domain/identity/identity.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { lead } from '../domain/lead/lead.ts';
import { project } from '../domain/projects/project.ts';
import { Rejection } from '../domain/rejection.ts';
import type { PublishedModel } from '../domain/scoring/published-model.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Named } from './capture-groups.ts';
import type { States } from '../engine/states.ts';
import type { Folded } from '../engine/folded.ts';

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
  states: Pick<States, 'get' | 'refresh'>,
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

/** The first candidate that is known, else the fallback. */
const resolved = async (
  { candidates, fallback }: Unresolved,
  isKnown: (identifier: Identifier) => Promise<boolean>,
): Promise<Identifier | undefined> => {
  for (const candidate of candidates) if (await isKnown(candidate)) return candidate;
  return fallback;
};

const rank = ({ kind }: Identifier): number => identifierKinds.indexOf(kind);

/**
 * All identifiers of somebody, with what the unresolved ones turn out to be: one that leads to a lead by now, or has one of
 * the keys `told`. The strongest stays first.
 */
export const identifiersOf = async (
  states: States,
  projectId: string,
  { identifiers, unresolved = [] }: Named,
  told: ReadonlySet<string>,
): Promise<Named['identifiers']> => {
  const isKnown = async (identifier: Identifier): Promise<boolean> =>
    told.has(identifierKey(identifier)) || (await findLeadBy(states, projectId, identifier, true)) !== undefined;
  const [strongest, ...others] = identifiers;
  const known = new Map(others.map((each) => [identifierKey(each), each]));
  for (const each of unresolved) {
    const found = await resolved(each, isKnown);
    if (found) known.set(identifierKey(found), found);
  }
  known.delete(identifierKey(strongest));
  return [strongest, ...[...known.values()].sort((a, b) => rank(a) - rank(b))];
};

/** The scoring model in force, as far as this process knows; it is nearly always in memory. */
export const modelInForce = async (states: States, projectId: string): Promise<PublishedModel> =>
  (states.known(project, projectId) ?? (await states.get(project, projectId))).state.scoring;

/** Does something with the scoring model in force; once more with the newest one when a lead was scored with a newer model already. */
export const withScoring = async <T>(
  states: States,
  projectId: string,
  use: (scoring: PublishedModel) => Promise<T>,
): Promise<T> => {
  try {
    return await use(await modelInForce(states, projectId));
  } catch (error) {
    if (!(error instanceof Rejection && error.code === 'scoring-model-outdated')) throw error;
    return use((await states.refresh(project, projectId)).state.scoring);
  }
};
