import { z } from 'zod';
import { mustHaveVersionsLeft, project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { scoringModelSchema } from '../../domain/scoring/scoring-form.ts';
import { command } from '../../engine/command.ts';

/**
 * Puts a new scoring model in force, as the next version. The model in force again changes nothing. `restores` is the version that
 * it is again, `note` what its author says of it.
 */
export const publishScoringModel = command(project)({
  name: 'PublishScoringModel',
  input: z.object({
    projectId: z.string(),
    model: scoringModelSchema,
    note: z.string().optional(),
    restores: z.number().int().min(1).optional(),
  }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, model, note, restores }, { now }) => {
    if (!state.projectId) throw new Rejection('project-unknown', `There is no project ${projectId}`);
    const { version, model: inForce } = state.scoring;
    if (JSON.stringify(inForce) === JSON.stringify(model)) return [];
    mustHaveVersionsLeft(version, 'the scoring model');
    const data = {
      version: version + 1,
      model,
      publishedAt: now.toISOString(),
      ...(note !== undefined && { note }),
      ...(restores !== undefined && { restores }),
    };
    return [{ type: 'ScoringModelPublished', data }];
  },
});
