import { lead } from '../domain/lead.ts';
import type { Fact, LeadInvariant } from './seen.ts';
import { differs, factsBehind, isSettled } from './seen.ts';

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

/**
 * 9. A qualified lead is assigned, waits with a work item, or is newly qualified. As long as nothing routes leads it can only
 * be the last: known to be qualified, since when, and with nobody it is assigned to.
 */
export const qualifiedIsTaken: LeadInvariant = {
  id: 9,
  name: 'A qualified lead is newly qualified (there is no routing yet, so none is assigned or waits)',
  check: (seen) => {
    const { document, merged, facts } = seen;
    if (!document || facts.length === 0 || isSettled(seen, merged)) return { checked: 0, findings: [] };
    const behind = factsBehind(seen);
    const qualified = behind.findLast((fact) => fact.type === 'LeadScored')?.data.qualified === true ? 1 : 0;
    const { ownership } = behind.reduce(lead.evolve, lead.initial);
    const owner = ownership.status === 'assigned' ? ownership : undefined;
    const expected = {
      ...{ qualified, qualifiedAt: qualifiedAtBy(behind), assignee: owner?.repId, team: owner?.teamId },
      ...{ routing: ownership.status, decision: ownership.decision },
      outcome: ownership.status === 'closed' ? ownership.outcome : undefined,
    };
    const finding = differs('its document', document, expected);
    return { checked: Math.max(qualified, document.qualified === 1 ? 1 : 0), findings: finding ? [finding] : [] };
  },
};
