import type { Finding } from './report.ts';
import type { LeadInvariant, SeenLead } from './seen.ts';
import { isSettled, said } from './seen.ts';

const pointer = (seen: SeenLead): readonly Finding[] => {
  const { closer, merged, facts } = seen;
  if (!closer || facts.length === 0) return [];
  const { mergedLead } = closer;
  if (!merged) return mergedLead ? [{ why: 'the read models say it was merged, the log does not' }] : [];
  const { into } = merged.data;
  if (!mergedLead)
    return isSettled(seen, merged) ? [{ why: `the read models do not say that it leads to ${into}` }] : [];
  return mergedLead.into === into ? [] : [{ why: `by the log it leads to ${into}, not to ${said(mergedLead.into)}` }];
};

const leftovers = (seen: SeenLead): readonly Finding[] => {
  const { merged, document, closer, entries, state, arrivals } = seen;
  if (!merged || !isSettled(seen, merged)) return [];
  const there: Finding[] = document ? [{ why: 'it was merged, but the read models still have it as a lead' }] : [];
  // A linked identifier never was a lead.
  if (state.leadId === '' || !closer) return there;
  if (closer.absorbedAt === undefined) return [...there, { why: 'no lead has taken over what it had' }];
  if (closer.absorbedAt > seen.until) return there;
  const own = entries.filter(({ eventId }) => arrivals.has(String(eventId)));
  const why = 'it is still in the history of the merged lead';
  return [...there, ...own.map(({ eventId }) => ({ why, eventId: String(eventId) }))];
};

const lost = ({ takenOver }: SeenLead): readonly Finding[] =>
  takenOver.flatMap(({ from, missing }) =>
    missing.map((eventId) => ({ why: `it took over lead ${from}, but not this activity of it`, eventId })),
  );

/** 8. */
export const mergedAreEmpty: LeadInvariant = {
  id: 8,
  name: 'A merged lead has no activities of its own left, and its survivor has them all',
  check: (seen) => ({
    checked: seen.merged ? 1 : 0,
    findings: [...pointer(seen), ...leftovers(seen), ...lost(seen)],
  }),
};
