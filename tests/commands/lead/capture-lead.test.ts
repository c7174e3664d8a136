import { describe, it } from 'vitest';
import { captureLead } from '../../../src/commands/lead/capture-lead.ts';
import { anonymousId, leadCaptured, leadMerged, modelOf, projectId, standard } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const input = { projectId, identifier: anonymousId(), scoring: standard };

describe('Capturing a lead', () => {
  it('begins it in the stage of the lowest score', () => {
    given().when(captureLead, input).then(leadCaptured());
    const stages = [
      { name: 'lost', from: -100 },
      { name: 'open', from: 0 },
    ];
    given()
      .when(captureLead, { ...input, scoring: modelOf({ stages }) })
      .then(leadCaptured({ stage: 'open' }));
  });

  it('changes nothing when it has begun', () => {
    given(leadCaptured()).when(captureLead, input).then();
  });

  it('is rejected when the identifier leads to another lead', () => {
    given(leadMerged({ identifier: anonymousId() }))
      .when(captureLead, input)
      .rejects('lead-merged');
    given(leadCaptured(), leadMerged()).when(captureLead, input).rejects('lead-merged');
  });
});
