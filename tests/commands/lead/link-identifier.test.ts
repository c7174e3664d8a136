import { describe, it } from 'vitest';
import { linkIdentifier } from '../../../src/commands/lead/link-identifier.ts';
import { email, idOf, leadCaptured, leadMerged, projectId, userId } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const input = { projectId, identifier: email(), into: idOf(userId()) };

describe('Linking an identifier', () => {
  it('makes one that nobody used lead to the lead', () => {
    given()
      .when(linkIdentifier, input)
      .then(leadMerged({ identifier: email() }));
  });

  it('changes nothing when it leads there already', () => {
    given(leadMerged({ identifier: email() }))
      .when(linkIdentifier, input)
      .then();
    given(leadCaptured(), leadMerged()).when(linkIdentifier, input).then();
  });

  it('is rejected when it leads elsewhere, or has a lead of its own', () => {
    given(leadMerged({ into: idOf(userId('u2')) }))
      .when(linkIdentifier, input)
      .rejects('identifier-taken');
    given(leadCaptured()).when(linkIdentifier, input).rejects('identifier-taken');
  });
});
