import type { LeadState } from '../lead/lead.ts';
import type { Held } from './pool.ts';
import type { RosterState } from './roster.ts';
import { routable } from './routable.ts';
import { likenessOf } from './routing.ts';
import { approvalFor } from './routing-steps.ts';

/**
 * Whether a lead that waits would be asked for as it was when it was tried last: the same reps fit it, and nobody has to approve
 * it first. That one of them has room by now is nothing that the lead says.
 */
export const waitsAsBefore = (held: Held, lead: LeadState, roster: RosterState): boolean => {
  const now = routable(lead, roster.routing.rules);
  const isAlike = held.likeness === likenessOf(now, roster) && held.domain === now.domain;
  return isAlike && approvalFor(now, roster) === undefined;
};
