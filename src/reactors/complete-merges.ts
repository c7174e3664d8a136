import { completeMerge } from '../flows/merge.ts';
import { streamParts } from '../domain/streams.ts';
import type { Reactor } from './reactor.ts';

/** Brings what a merged lead had to its survivor, also when the process that merged them died in between. */
export const completeMerges: Reactor = {
  name: 'complete-merges',
  streams: ['lead-'],
  types: ['LeadMerged'],
  react: async ({ type, stream }) => {
    const merged = type === 'LeadMerged' ? streamParts('lead', stream) : undefined;
    return merged ? [(engine, request) => completeMerge(engine, merged.projectId, merged.id, request)] : [];
  },
};
