import { z } from 'zod';
import { mustHaveVersionsLeft, project } from '../domain/project.ts';
import { Rejection } from '../domain/rejection.ts';
import { scoringModelSchema } from '../domain/scoring-form.ts';
import { command } from './command.ts';

/** Puts a new scoring model in force, as the next version. The model in force again changes nothing. */
export const publishScoringModel = command(project)({
  name: 'PublishScoringModel',
  input: z.object({ projectId: z.string(), model: scoringModelSchema }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, model }, { now }) => {
    if (!state.projectId) throw new Rejection('project-unknown', `There is no project ${projectId}`);
    const { version, model: inForce } = state.scoring;
    if (JSON.stringify(inForce) === JSON.stringify(model)) return [];
    mustHaveVersionsLeft(version, 'the scoring model');
    const publishedAt = now.toISOString();
    return [{ type: 'ScoringModelPublished', data: { version: version + 1, model, publishedAt } }];
  },
});
