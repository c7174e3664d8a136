import { completeMerges } from './complete-merges.ts';
import type { Reactor } from './reactor.ts';
import { rescoreLeads } from './rescore-leads.ts';
import { retryParked } from './retry-parked.ts';

const toFacts: readonly Reactor[] = [completeMerges, rescoreLeads];

/** All that follows from facts, each once. */
export const reactors: readonly Reactor[] = [...toFacts, retryParked(toFacts)];
