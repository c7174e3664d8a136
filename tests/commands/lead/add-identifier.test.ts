import { describe, it } from 'vitest';
import { addIdentifier } from '../../../src/commands/lead/add-identifier.ts';
import {
  anonymousId,
  email,
  identifierAdded,
  identityConflict,
  leadCaptured,
  leadId,
  leadMerged,
  projectId,
  userId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const adding = (identifier = email()) => ({ projectId, leadId, identifier });

describe('Adding an identifier', () => {
  it('notes it on the lead, once', () => {
    given(leadCaptured()).when(addIdentifier, adding()).then(identifierAdded());
    given(leadCaptured(), identifierAdded()).when(addIdentifier, adding()).then();
    given(leadCaptured()).when(addIdentifier, adding(anonymousId())).then();
  });

  it('tells of a second userId', () => {
    const first = identifierAdded({ identifier: userId('u1') });
    given(leadCaptured(), first)
      .when(addIdentifier, adding(userId('u2')))
      .then(identifierAdded({ identifier: userId('u2') }), identityConflict());
  });

  it('is rejected by a lead that was merged, and where there is none', () => {
    given(leadCaptured(), leadMerged()).when(addIdentifier, adding()).rejects('lead-merged');
    given().when(addIdentifier, adding()).rejects('lead-merged');
  });
});
