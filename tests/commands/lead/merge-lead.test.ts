import { describe, it } from 'vitest';
import { mergeLead } from '../../../src/commands/lead/merge-lead.ts';
import { email, idOf, leadCaptured, leadId, leadMerged, projectId, stageChanged, userId } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const input = { projectId, leadId, into: idOf(userId()) };

describe('Merging a lead', () => {
  it('ends it in favour of the other, and says in which stage', () => {
    given(leadCaptured())
      .when(mergeLead, input)
      .then(leadMerged({ stage: 'cold' }));
    given(leadCaptured(), stageChanged())
      .when(mergeLead, input)
      .then(leadMerged({ stage: 'warm' }));
  });

  it('changes nothing when it ended already, wherever it leads', () => {
    given(leadCaptured(), leadMerged({ into: idOf(email()) }))
      .when(mergeLead, input)
      .then();
  });

  it('into itself changes nothing', () => {
    given(leadCaptured())
      .when(mergeLead, { ...input, into: leadId })
      .then();
  });

  it('is rejected for a lead that nobody has seen', () => {
    given().when(mergeLead, input).rejects('lead-unknown');
  });
});
