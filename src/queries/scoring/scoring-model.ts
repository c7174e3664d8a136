import { defaultModelOf } from '../../domain/scoring/default-model.ts';
import type { ScoringModel } from '../../domain/scoring/scoring-model.ts';
import type { ProjectEvent, ProjectState } from '../../domain/projects/project.ts';
import { project } from '../../domain/projects/project.ts';
import type { PublishedIn } from '../published.ts';
import type { QueryContext } from '../queries.ts';

/** A model as it is shown: its rules are as they were published. */
const modelView = (model: ScoringModel): ScoringModel => ({
  engagement: model.engagement,
  fit: model.fit,
  groups: model.groups,
  floor: model.floor,
  cap: model.cap,
  stages: model.stages,
  qualificationThreshold: model.qualificationThreshold,
});

/** The scoring model in force, with its version and the revision of its project. */
export const scoringModelOf = async ({ states }: QueryContext, projectId: string) => {
  const { state, revision } = await states.refresh(project, projectId);
  const { version, model } = state.scoring;
  return { revision, view: { version, ...modelView(model) } };
};

/** A version of the scoring model, and who published it: `root`, or `key:` and the id of a key, as far as that was recorded. */
export type ModelVersion = {
  readonly version: number;
  readonly model: ScoringModel;
  readonly publishedAt: string;
  readonly note?: string | undefined;
  readonly restores?: number | undefined;
  readonly publishedBy?: string | undefined;
};

/** The scoring models that a project had. */
export const modelsOf = (projectId: string): PublishedIn<ProjectState, ProjectEvent, ModelVersion> => ({
  aggregate: project,
  id: projectId,
  newest: ({ scoring }) => scoring.version,
  pick: (event) => {
    const { actor: publishedBy } = event.metadata;
    if (event.type === 'ScoringModelPublished') {
      const { version, model, publishedAt, note, restores } = event.data;
      return { version, model: modelView(model), publishedAt, note, restores, publishedBy };
    }
    if (event.type !== 'ProjectCreated') return undefined;
    const model = modelView(defaultModelOf(event.data.defaultModel));
    return { version: 1, publishedAt: event.data.createdAt, publishedBy, model };
  },
});
