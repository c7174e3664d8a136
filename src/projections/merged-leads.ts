import { z } from 'zod';
import type { LeadEvent } from '../domain/lead/lead-events.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Projection } from './projection.ts';

const mergedLead = z.object({ into: z.string() });
export type MergedLead = Readonly<z.infer<typeof mergedLead>>;

/** Where the ids lead that are not, or no longer, a lead of their own: merged leads and linked identifiers. */
export const mergedLeads: Projection<MergedLead, LeadEvent> = {
  name: 'merged-leads',
  streams: [streamsOf('lead')],
  types: ['LeadMerged'],
  document: mergedLead,
  indexes: [],
  keys: ({ type, stream }) => {
    const parts = type === 'LeadMerged' ? streamParts('lead', stream) : undefined;
    return parts ? [{ project: parts.projectId, id: parts.id }] : [];
  },
  evolve: (doc, event) => (event.type === 'LeadMerged' ? { into: event.data.into } : doc),
};
