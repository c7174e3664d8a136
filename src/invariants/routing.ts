import { lead } from '../domain/lead/lead.ts';
import type { Ownership } from '../domain/routing/ownership.ts';
import { nobodysLead, withOwnership } from '../domain/routing/ownership.ts';
import type { Checked, Finding } from './report.ts';
import type { Fact, LeadInvariant, LeadEvidence } from './evidence.ts';
import { differs, factsBehind, isSettled } from './evidence.ts';

/** When a lead first qualified by its facts, if it did. */
const qualifiedAtBy = (facts: readonly Fact[]): string | undefined => {
  let at: string | undefined;
  for (const { type, data } of facts) {
    if (type === 'LeadQualified') at ??= data.qualifiedAt;
    const brought = type === 'LeadAbsorbed' ? data.qualifications.firstAt : undefined;
    if (brought !== undefined && (at === undefined || brought < at)) at = brought;
  }
  return at;
};

/** What the document says of whose the lead is, against its facts. */
const documentAsOwned = (evidence: LeadEvidence): Checked => {
  const { document, merged, facts, state } = evidence;
  if (!document || facts.length === 0 || isSettled(evidence, merged)) return { checked: 0, findings: [] };
  const behind = factsBehind(evidence);
  const qualified = behind.findLast((fact) => fact.type === 'LeadScored')?.data.qualified === true ? 1 : 0;
  const { ownership } = behind.length === facts.length ? state : behind.reduce(lead.evolve, lead.initial);
  const owner = ownership.status === 'assigned' ? ownership : undefined;
  const finding = differs('its document', document, {
    qualified,
    qualifiedAt: qualifiedAtBy(behind),
    assignee: owner?.repId,
    team: owner?.teamId,
    routing: ownership.status,
    decision: ownership.decision,
    outcome: ownership.status === 'closed' ? ownership.outcome : undefined,
  });
  const wanted = document.qualified === 1 || ownership.status !== 'none';
  return { checked: Math.max(qualified, wanted ? 1 : 0), findings: finding ? [finding] : [] };
};

const assignedWrong = (
  { repId, decision }: Ownership,
  place: NonNullable<LeadEvidence['routing']>['place'],
): string | undefined => {
  const here = `it is assigned to ${repId} by decision ${decision}`;
  if (!place) return `${here}, but the pool has no place for it`;
  if (place.repId === repId && place.decision === decision) return undefined;
  return `${here}, the pool gave it to ${place.repId} by decision ${place.decision}`;
};

/** What is wrong with whose a lead is when nothing is on its way; undefined when nothing is. */
const wrongWith = ({ state, routing }: LeadEvidence): string | undefined => {
  if (!routing) return undefined;
  const { place, held, work } = routing;
  const { ownership } = state;
  const status = state.status === 'lead' ? ownership.status : 'none';
  if (status === 'assigned') return assignedWrong(ownership, place);
  if (place) return `the pool has a place for it with ${place.repId}, but its routing is ${status}`;
  if (status === 'pending') return 'it is to be routed, but what routes leads has passed it over';
  if ((status === 'waiting' || status === 'approval') && !work?.open) return 'it waits, but no work item of it is open';
  if (status === 'waiting' && !held) return 'it waits, but the pool does not know that it does';
  return undefined;
};

/** Where the last fact is that changed whose a lead is. */
const newsAt = ({ facts }: LeadEvidence): number => {
  let [ownership, at] = [nobodysLead, -1];
  for (const fact of facts) {
    const after = withOwnership(ownership, fact);
    if (after !== ownership || fact.type === 'LeadMerged') at = fact.position;
    ownership = after;
  }
  return at;
};

/** Whether something that follows from the newest facts may not be done yet, or is a dead letter. */
const isUnderWay = (
  evidence: LeadEvidence,
  { routed, at, deadLetter, work }: NonNullable<LeadEvidence['routing']>,
): boolean => deadLetter || Math.max(newsAt(evidence), at, work?.position ?? -1) > routed;

/** What streams, pool and work queue say of whose the lead is, against each other. */
const isWithSomebody = (evidence: LeadEvidence): readonly Finding[] => {
  const why = wrongWith(evidence);
  return why === undefined || !evidence.routing || isUnderWay(evidence, evidence.routing) ? [] : [{ why }];
};

/** 9. A quiet qualification, of a new model, is to go to nobody. */
export const qualifiedIsTaken: LeadInvariant = {
  id: 9,
  name: 'A qualified lead is assigned, waits with a work item, is closed, or is about to be routed',
  check: (evidence) => {
    const { checked, findings } = documentAsOwned(evidence);
    return { checked, findings: findings.length > 0 ? findings : isWithSomebody(evidence) };
  },
};
