import { describe, it } from 'vitest';
import { publishScoringModel } from '../../../src/commands/scoring/publish-scoring-model.ts';
import { modelOf, projectCreated, projectId, scoringModelPublished, standard } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const { model } = modelOf({ engagement: [{ id: 'views', when: { eventType: 'page_view' }, points: 0 }], floor: -5 });

describe('Publishing a scoring model', () => {
  it('puts it in force as the next version', () => {
    given(projectCreated()).when(publishScoringModel, { projectId, model }).then(scoringModelPublished({ model }));
    given(projectCreated(), scoringModelPublished({ model, version: 7 }))
      .when(publishScoringModel, { projectId, model: standard.model })
      .then(scoringModelPublished({ version: 8 }));
  });

  it('that is in force changes nothing', () => {
    given(projectCreated()).when(publishScoringModel, { projectId, model: standard.model }).then();
    given(projectCreated(), scoringModelPublished({ model })).when(publishScoringModel, { projectId, model }).then();
  });

  it('that was in force before puts it in force again', () => {
    given(projectCreated(), scoringModelPublished({ model }))
      .when(publishScoringModel, { projectId, model: standard.model })
      .then(scoringModelPublished({ version: 3 }));
  });

  it('says what its author noted, and which version it restores', () => {
    given(projectCreated())
      .when(publishScoringModel, { projectId, model, note: 'Less for views', restores: 1 })
      .then(scoringModelPublished({ model, note: 'Less for views', restores: 1 }));
  });

  it('is rejected where there is no project', () => {
    given().when(publishScoringModel, { projectId, model }).rejects('project-unknown');
  });
});
