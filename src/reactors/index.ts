import { completeMerges } from './complete-merges.ts';
import { completePlacements } from './complete-placements.ts';
import { followApprovals } from './follow-approvals.ts';
import { openWork } from './open-work.ts';
import type { Reactor } from './reactor.ts';
import { rescoreLeads } from './rescore-leads.ts';
import { retryParked } from './retry-parked.ts';
import { retryWaitingLeads } from './retry-waiting.ts';
import { routeLeads } from './route-leads.ts';

/** All that follows from facts, each once. */
export const reactors: readonly Reactor[] = [
  completeMerges,
  rescoreLeads,
  openWork,
  routeLeads,
  completePlacements,
  retryWaitingLeads,
  followApprovals,
  retryParked,
];
