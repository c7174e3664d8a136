import { completeMerges } from './complete-merges.ts';
import { rescoreLeads } from './rescore-leads.ts';

/** All that follows from facts, each once. */
export const reactors = [completeMerges, rescoreLeads] as const;
