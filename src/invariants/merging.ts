import { nobodysLead, withOwnership } from '../domain/routing/ownership.ts';
import { closingByMerge } from '../domain/routing/ownership-merge.ts';
import type { Finding } from './report.ts';
import type { Fact, LeadInvariant, LeadEvidence } from './evidence.ts';
import { isSame, isSettled, said } from './evidence.ts';

const pointer = (evidence: LeadEvidence): readonly Finding[] => {
  const { closer, merged, facts } = evidence;
  if (!closer || facts.length === 0) return [];
  const { mergedLead } = closer;
  if (!merged) return mergedLead ? [{ why: 'the read models say it was merged, the log does not' }] : [];
  const { into } = merged.data;
  if (!mergedLead)
    return isSettled(evidence, merged) ? [{ why: `the read models do not say that it leads to ${into}` }] : [];
  return mergedLead.into === into ? [] : [{ why: `by the log it leads to ${into}, not to ${said(mergedLead.into)}` }];
};

const leftovers = (evidence: LeadEvidence): readonly Finding[] => {
  const { merged, document, closer, entries, state, arrivals } = evidence;
  if (!merged || !isSettled(evidence, merged)) return [];
  const there: Finding[] = document ? [{ why: 'it was merged, but the read models still have it as a lead' }] : [];
  // A linked identifier never was a lead.
  if (state.leadId === '' || !closer) return there;
  if (closer.absorbedAt === undefined) return [...there, { why: 'no lead has taken over what it had' }];
  if (closer.absorbedAt > evidence.until) return there;
  const own = entries.filter(({ eventId }) => arrivals.has(String(eventId)));
  const why = 'it is still in the history of the merged lead';
  return [...there, ...own.map(({ eventId }) => ({ why, eventId: String(eventId) }))];
};

const lost = ({ takenOver }: LeadEvidence): readonly Finding[] =>
  takenOver.flatMap(({ from, missing }) =>
    missing.map((eventId) => ({ why: `it took over lead ${from}, but not this activity of it`, eventId })),
  );

/** A fact with those behind it that its command recorded. */
const factsOfAppend = (facts: readonly Fact[], index: number): readonly Fact[] => {
  const commandId = facts[index]?.metadata.commandId;
  const end = facts.findIndex(({ metadata }, at) => at > index && metadata.commandId !== commandId);
  return facts.slice(index, end < 0 ? undefined : end);
};

/** Whose a merged lead was, and what became of it, must be as it is with the lead that took it over. Earlier versions brought less. */
const routingLost = ({ facts, takenOver }: LeadEvidence): readonly Finding[] => {
  const theirs = new Map(takenOver.map(({ from, routing }) => [from, routing]));
  const findings: Finding[] = [];
  let ownership = nobodysLead;
  for (const [index, fact] of facts.entries()) {
    const before = ownership;
    ownership = withOwnership(before, fact);
    if (fact.type !== 'LeadAbsorbed' || !fact.data.last || !fact.data.routing?.brought) continue;
    const { from, routing } = fact.data;
    const had = theirs.get(from);
    if (had && !isSame(routing, had))
      findings.push({ why: `it took over lead ${from}, but not all that is known of whose that was` });
    const same = factsOfAppend(facts, index);
    const closing = closingByMerge(before, routing, same.reduce(withOwnership, before));
    if (closing)
      findings.push({ why: `it took over lead ${from}, and is not closed as ${closing.outcome}, which counts` });
  }
  return findings;
};

/** 8. */
export const mergedAreEmpty: LeadInvariant = {
  id: 8,
  name: 'A merged lead has no activities of its own left, and its survivor has them all',
  check: (evidence) => ({
    checked: evidence.merged ? 1 : 0,
    findings: [...pointer(evidence), ...leftovers(evidence), ...lost(evidence), ...routingLost(evidence)],
  }),
};
