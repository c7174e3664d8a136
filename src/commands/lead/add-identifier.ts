import { z } from 'zod';
import { identifierSchema } from '../../domain/identity/identity.ts';
import type { LeadEvent } from '../../domain/lead/lead-events.ts';
import { conflictOfUserIds, newIdentifiers, undecided, withFacts } from '../../domain/lead/lead-facts.ts';
import { lead } from '../../domain/lead/lead.ts';
import { Rejection } from '../../domain/rejection.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Notes on a lead an identifier that leads to it. */
export const addIdentifier = command(lead)({
  name: 'AddIdentifier',
  input: z.object({ projectId: z.string(), leadId: z.uuid(), identifier: identifierSchema }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decideAndFold: (state, { leadId, identifier }) => {
    if (state.status !== 'lead') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    const added = newIdentifiers(state, [identifier]).map((each): LeadEvent => ({
      type: 'IdentifierAdded',
      data: { identifier: each },
    }));
    const after = withFacts(undecided(state), added);
    return withFacts(after, conflictOfUserIds(state, after.state));
  },
});
