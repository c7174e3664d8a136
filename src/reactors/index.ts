import { completeMerges } from './complete-merges.ts';
import { completePlacements } from './complete-placements.ts';
import { describePeople } from './describe-people.ts';
import { followApprovals } from './follow-approvals.ts';
import { forgetRejects } from './forget-rejects.ts';
import { openWorkItems } from './open-work-items.ts';
import type { Reactor } from './reactor.ts';
import { rescoreLeads } from './rescore-leads.ts';
import { retryDeadLetters } from './retry-dead-letters.ts';
import { retryWaitingLeads } from './retry-waiting.ts';
import { routeLeads } from './route-leads.ts';

/** All that follows from facts, each once. */
export const reactors: readonly Reactor[] = [
  completeMerges,
  rescoreLeads,
  openWorkItems,
  routeLeads,
  completePlacements,
  retryWaitingLeads,
  followApprovals,
  retryDeadLetters,
  forgetRejects,
  describePeople,
];
