import { flowIntent } from '../flows/intent.ts';
import { completeMerge } from '../flows/merge.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Reactor } from './reactor.ts';

/** Brings what a merged lead had to its survivor, also when the process that merged them died in between. */
export const completeMerges: Reactor = {
  name: 'complete-merges',
  streams: [streamsOf('lead')],
  on: {
    LeadMerged: ({ stream }) => {
      const merged = streamParts('lead', stream);
      return merged ? [flowIntent(completeMerge, { projectId: merged.projectId, from: merged.id })] : [];
    },
  },
};
