import { z } from 'zod';
import { activitySchema } from '../domain/activity.ts';
import { identifierSchema } from '../domain/identity.ts';
import type { LeadEvent } from '../domain/lead-events.ts';
import { leadEvents } from '../domain/lead-events.ts';
import { conflictOfUserIds, newActivities, newIdentifiers, profileChanges, withFacts } from '../domain/lead-facts.ts';
import { lead } from '../domain/lead.ts';
import { withRoomFor } from '../domain/profile.ts';
import { Rejection } from '../domain/rejection.ts';
import { scoreFacts } from '../domain/score-facts.ts';
import { publishedModelSchema } from '../domain/scoring-model.ts';
import { leadStreamId } from '../domain/streams.ts';
import { command } from './command.ts';

/** Takes over, in one part or several, what a merged lead had; each activity once, by its event id. What was merged is taken over whatever it comes to. */
export const absorbLead = command(lead)({
  name: 'AbsorbLead',
  input: z.object({
    projectId: z.string(),
    leadId: z.uuid(),
    from: z.uuid(),
    identifiers: z.array(identifierSchema),
    activities: z.array(activitySchema),
    qualifications: leadEvents.LeadAbsorbed.shape.qualifications,
    last: z.boolean(),
    routing: leadEvents.LeadAbsorbed.shape.routing,
    merges: leadEvents.LeadAbsorbed.shape.merges,
    scoring: publishedModelSchema,
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decide: (state, { leadId, from, identifiers, activities, last, ...input }, { now }) => {
    const { qualifications, routing, merges, scoring } = input;
    if (state.status !== 'lead') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    if (state.absorbed.has(from)) return [];
    const fresh = withRoomFor(state, newActivities(state, activities));
    const absorbed: LeadEvent = {
      type: 'LeadAbsorbed',
      data: {
        from,
        identifiers: [...newIdentifiers(state, identifiers)],
        activities: [...fresh],
        known: activities.filter(({ eventId }) => state.activities.has(eventId)).map(({ eventId }) => eventId),
        qualifications,
        last,
        ...(last && routing && { routing }),
        ...(last && merges && { merges }),
      },
    };
    const after = withFacts(state, [absorbed]);
    return [
      absorbed,
      ...conflictOfUserIds(state, after),
      ...profileChanges(state, after),
      ...scoreFacts(after, { model: scoring, now, cause: 'merge', fresh }),
    ];
  },
});
