import { z } from 'zod';
import { lead } from '../domain/lead.ts';
import { scoreFacts } from '../domain/score-facts.ts';
import { publishedModelSchema } from '../domain/scoring-model.ts';
import { leadStreamId } from '../domain/streams.ts';
import { command } from './command.ts';

/** Scores a lead with a newly published model. A merged lead has nothing to score. */
export const rescoreLead = command(lead)({
  name: 'RescoreLead',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), scoring: publishedModelSchema }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: (state, { scoring }, { now }) =>
    state.status === 'lead' ? scoreFacts(state, { model: scoring, now, cause: 'model', fresh: [] }) : [],
});
