import { z } from 'zod';
import { activitySchema } from '../../domain/lead/activity.ts';
import { identifierKey, identifierSchema } from '../../domain/identity/identity.ts';
import type { LeadEvent } from '../../domain/lead/lead-events.ts';
import { leadEvents } from '../../domain/lead/lead-events.ts';
import {
  captured,
  conflictOfUserIds,
  newActivities,
  newIdentifiers,
  profileChanges,
  undecided,
  withFacts,
} from '../../domain/lead/lead-facts.ts';
import type { LeadState } from '../../domain/lead/lead.ts';
import { lead } from '../../domain/lead/lead.ts';
import { withRoomFor } from '../../domain/lead/profile.ts';
import { Rejection } from '../../domain/rejection.ts';
import { scoreFacts } from '../../domain/scoring/score-facts.ts';
import { publishedModelSchema } from '../../domain/scoring/published-model.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

const refusedLink = leadEvents.LinkRefused;

/** Says which links were refused that the lead has not heard of, each once. */
const refusals = (state: LeadState, refused: readonly z.infer<typeof refusedLink>[]): readonly LeadEvent[] => {
  if (refused.length === 0) return [];
  const fresh = refused.filter(({ identifier }) => !state.refused.has(identifierKey(identifier)));
  const each = new Map(fresh.map((link) => [identifierKey(link.identifier), link]));
  return [...each.values()].map((data): LeadEvent => ({ type: 'LinkRefused', data }));
};

/**
 * Records what a person did on their lead, scores it, and notes identifiers that lead here and links that were refused.
 * An activity whose event id the lead has is left out, and traits for which it has no room. `capture` is the identifier of a lead that may have to begin.
 */
export const recordActivities = command(lead)({
  name: 'RecordActivities',
  input: z.object({
    projectId: z.string(),
    leadId: z.uuid(),
    capture: identifierSchema.optional(),
    identifiers: z.array(identifierSchema),
    refused: z.array(refusedLink),
    activities: z.array(activitySchema),
    scoring: publishedModelSchema,
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decideAndFold: (state, { projectId, leadId, capture, identifiers, refused, activities, scoring }, { now }) => {
    if (state.status === 'merged') throw new Rejection('lead-merged', `Lead ${leadId} was merged into ${state.into}`);
    if (state.status === 'unused' && !capture) throw new Rejection('lead-unknown', `There is no lead ${leadId}`);

    const begun = state.status === 'unused' && capture ? [captured(projectId, capture, scoring, now)] : [];
    const lives = withFacts(undecided(state), begun);
    const linked = newIdentifiers(lives.state, identifiers).map((identifier): LeadEvent => ({
      type: 'IdentifierAdded',
      data: { identifier },
    }));
    const joined = withFacts(lives, linked);
    const told = withFacts(joined, [...conflictOfUserIds(lives.state, joined.state), ...refusals(state, refused)]);
    const fresh = withRoomFor(told.state, newActivities(told.state, activities));
    const recorded = fresh.map((activity): LeadEvent => ({ type: 'ActivityRecorded', data: activity }));
    const after = withFacts(told, recorded);
    const known = withFacts(after, profileChanges(told.state, after.state));
    if (fresh.length === 0) return known;
    return withFacts(known, scoreFacts(after.state, { model: scoring, now, cause: 'activity', fresh }));
  },
});
