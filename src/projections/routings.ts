import { z } from 'zod';
import type { LeadEvent } from '../domain/lead/lead-events.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Projection } from './projection.ts';

const routingFact = z.object({
  leadId: z.string(),
  revision: z.number(),
  /** Its place in the log: facts of leads that were merged are listed together. */
  position: z.number(),
  type: z.string(),
  recordedAt: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type RoutingFact = Readonly<z.infer<typeof routingFact>>;

/** What says something about whose a lead is, or is to be. */
const types = [
  ...(['LeadQualified', 'LeadAssigned', 'LeadAccepted', 'LeadDeclined', 'LeadUnassigned'] as const),
  ...(['RoutingRequested', 'RoutingFailed', 'ApprovalRequested', 'ApprovalGiven'] as const),
  ...(['LeadClosed', 'LeadReopened'] as const),
  ...(['ResponseDue', 'ResponseAtRisk', 'ResponseOverdue', 'ResponseStepTaken'] as const),
];

/** What was decided about whose each lead is, and what came of it: for ever. */
export const routings: Projection<RoutingFact, LeadEvent> = {
  name: 'routings',
  of: 'lead',
  idOf: ({ leadId, revision }) => `${leadId}.${revision}`,
  version: 2,
  streams: [streamsOf('lead')],
  types,
  document: routingFact,
  indexes: [
    ['leadId', 'position'],
    ['type', 'recordedAt'],
  ],
  keys: ({ stream, revision }) => {
    const parts = streamParts('lead', stream);
    return parts ? [{ project: parts.projectId, id: `${parts.id}.${revision}` }] : [];
  },
  evolve: (doc, { type, stream, revision, position, recordedAt, data }) =>
    doc ?? {
      leadId: streamParts('lead', stream)?.id ?? '',
      revision,
      position,
      type,
      recordedAt: recordedAt.toISOString(),
      data: { ...data },
    },
  begins: () => true,
};
