import { z } from 'zod';
import { lead } from '../../domain/lead/lead.ts';
import { scoreFacts } from '../../domain/scoring/score-facts.ts';
import { publishedModelSchema } from '../../domain/scoring/published-model.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Scores a lead with a newly published model. A merged lead has nothing to score. */
export const rescoreLead = command(lead)({
  name: 'RescoreLead',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), scoring: publishedModelSchema }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: (state, { scoring }, { now }) =>
    state.status === 'lead' ? scoreFacts(state, { model: scoring, now, cause: 'model', fresh: [] }) : [],
});
