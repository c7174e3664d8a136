import { z } from 'zod';
import { identifierSchema, leadIdOf } from '../../domain/identity/identity.ts';
import { captured } from '../../domain/lead/lead-facts.ts';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { publishedModelSchema } from '../../domain/scoring/published-model.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Begins a lead on the stream of an identifier that nobody used before, so that others can be linked to it. */
export const captureLead = command(lead)({
  name: 'CaptureLead',
  input: z.object({ projectId: z.string(), identifier: identifierSchema, scoring: publishedModelSchema }),
  id: ({ projectId, identifier }) => leadStreamId(projectId, leadIdOf(projectId, identifier)),
  decide: ({ status }, { projectId, identifier, scoring }, { now }) => {
    if (status === 'merged') throw new Rejection('lead-merged', 'The identifier leads to another lead by now');
    return status === 'lead' ? [] : [captured(projectId, identifier, scoring, now)];
  },
});
