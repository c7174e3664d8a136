import { describe, it } from 'vitest';
import { rescoreLead } from '../../../src/commands/scoring/rescore-lead.ts';
import {
  activity,
  activityRecorded,
  leadCaptured,
  leadId,
  leadMerged,
  leadQualified,
  leadScored,
  modelOf,
  projectId,
  stageChanged,
  standard,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const rule = (points: number) => ({ engagement: [{ id: 'page_view', when: { eventType: 'page_view' }, points }] });
const rescoring = (scoring = modelOf(rule(5))) => ({ projectId, leadId, scoring });
const scored = [leadCaptured(), activityRecorded(), leadScored()];

describe('Scoring a lead again', () => {
  it('says nothing when the new model comes to the same', () => {
    given(...scored)
      .when(rescoreLead, rescoring())
      .then();
  });

  it('says nothing of a lead that was merged, or that nobody has seen', () => {
    given(leadCaptured(), leadMerged()).when(rescoreLead, rescoring()).then();
    given().when(rescoreLead, rescoring()).then();
  });

  it('tells by rule what changed, and qualifies quietly', () => {
    given(...scored)
      .when(rescoreLead, rescoring(modelOf(rule(70))))
      .then(
        leadScored({
          score: 70,
          engagement: 70,
          delta: 65,
          model: 2,
          cause: 'model',
          qualified: true,
          because: [{ rule: 'page_view', points: 65 }],
        }),
        stageChanged({ to: 'qualified', score: 70, model: 2 }),
        leadQualified({
          score: 70,
          model: 2,
          cause: 'model',
          quiet: true,
          factors: [{ rule: 'page_view', points: 70 }],
        }),
      );
  });

  it('gives what a removed rule brought to its successor', () => {
    const renamed = modelOf({ engagement: [{ id: 'views', when: { eventType: 'page_view' }, points: 7 }] });
    given(...scored)
      .when(rescoreLead, rescoring(renamed))
      .then(
        leadScored({
          score: 7,
          engagement: 7,
          delta: 2,
          model: 2,
          cause: 'model',
          because: [
            { rule: 'page_view', points: -5 },
            { rule: 'views', points: 7 },
          ],
        }),
      );
  });

  it('records a threshold that alone was changed, so that the next crossing can be told from the last', () => {
    const same = { score: 5, engagement: 5, delta: 0, because: [], cause: 'model' as const };
    const low = modelOf({ ...rule(5), qualificationThreshold: 5 });
    const lowered = leadScored({ ...same, model: 2, qualified: true });
    const qualified = leadQualified({
      score: 5,
      threshold: 5,
      model: 2,
      cause: 'model',
      quiet: true,
      factors: [{ rule: 'page_view', points: 5 }],
    });
    given(...scored)
      .when(rescoreLead, rescoring(low))
      .then(lowered, qualified);
    given(...scored, lowered, qualified)
      .when(rescoreLead, rescoring(modelOf({ ...rule(5), qualificationThreshold: 5.01 }, 3)))
      .then(leadScored({ ...same, model: 3, qualified: false }));
  });

  it('records a stage that alone was changed', () => {
    const stages = [
      { name: 'new', from: 0 },
      { name: 'known', from: 5 },
    ];
    given(...scored)
      .when(rescoreLead, rescoring(modelOf({ ...rule(5), stages })))
      .then(stageChanged({ from: 'cold', to: 'known', score: 5, model: 2 }));
  });

  it('scores a lead that a decay has lowered since', () => {
    const decaying = modelOf({
      engagement: [{ id: 'page_view', when: { eventType: 'page_view' }, points: 5, decay: { expireAfterDays: 1 } }],
    });
    given(leadCaptured(), activityRecorded(activity({ occurredAt: '2026-03-09T12:00:00.000Z' })), leadScored())
      .when(rescoreLead, rescoring(decaying))
      .then(
        leadScored({
          score: 0,
          engagement: 0,
          delta: -5,
          model: 2,
          cause: 'model',
          because: [{ rule: 'page_view', points: -5 }],
        }),
      );
  });

  it('rejects a model older than the one last used', () => {
    given(leadCaptured(), leadScored({ model: 2 }))
      .when(rescoreLead, rescoring(standard))
      .rejects('scoring-model-outdated');
  });
});
