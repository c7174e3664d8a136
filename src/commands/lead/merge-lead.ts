import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Ends a lead in favour of an older one. From here on its stream takes no more facts. */
export const mergeLead = command(lead)({
  name: 'MergeLead',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), into: z.uuid() }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: ({ status, scored }, { leadId, into }) => {
    if (status === 'unused') throw new Rejection('lead-unknown', `There is no lead ${leadId}`);
    return status === 'merged' || leadId === into ? [] : [{ type: 'LeadMerged', data: { into, stage: scored.stage } }];
  },
});
