import { z } from 'zod';
import { identifierSchema, leadIdOf } from '../../domain/identity/identity.ts';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Makes an identifier that nobody used before lead to a lead. The lead itself notes it with the next activity. */
export const linkIdentifier = command(lead)({
  name: 'LinkIdentifier',
  input: z.object({ projectId: z.string(), identifier: identifierSchema, into: z.uuid() }),
  id: ({ projectId, identifier }) => leadStreamId(projectId, leadIdOf(projectId, identifier)),
  decide: (state, { identifier, into }) => {
    if (state.status === 'unused') return [{ type: 'LeadMerged', data: { into, identifier } }];
    if (state.into === into) return [];
    throw new Rejection('identifier-taken', `The ${identifier.kind} leads to a lead by now`);
  },
});
