import { allRecorded, enteredOnce, inEventOrder, nothingElse, scoredOnce } from './history.ts';
import { mergedAreEmpty } from './merging.ts';
import { qualifiedIsTaken } from './routing.ts';
import { scoreIsFold, withinBounds } from './scoring.ts';
import type { LeadInvariant } from './evidence.ts';

/** What must hold of every lead, each once. */
export const leadInvariants: readonly LeadInvariant[] = [
  scoredOnce,
  enteredOnce,
  allRecorded,
  nothingElse,
  scoreIsFold,
  inEventOrder,
  withinBounds,
  mergedAreEmpty,
  qualifiedIsTaken,
];
