import { z } from 'zod';
import { activityOf } from '../../domain/lead/activities.ts';
import { activitySchema } from '../../domain/lead/activity.ts';
import { identifierSchema } from '../../domain/identity/identity.ts';
import type { LeadEvent } from '../../domain/lead/lead-events.ts';
import { broughtSchema } from '../../domain/lead/lead-events.ts';
import {
  conflictOfUserIds,
  newActivities,
  newIdentifiers,
  profileChanges,
  undecided,
  withFacts,
} from '../../domain/lead/lead-facts.ts';
import { lead } from '../../domain/lead/lead.ts';
import type { Ownership } from '../../domain/routing/ownership.ts';
import type { AbsorbedRouting } from '../../domain/routing/ownership-events.ts';
import { closingByMerge } from '../../domain/routing/ownership-merge.ts';
import { withRoomFor } from '../../domain/lead/profile.ts';
import { Rejection } from '../../domain/rejection.ts';
import { missedBy } from '../../domain/routing/response.ts';
import { scoreFacts } from '../../domain/scoring/score-facts.ts';
import { publishedModelSchema } from '../../domain/scoring/published-model.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { command } from '../../engine/command.ts';

/** Says that the lead is closed now, when it took over one that was, and that counts. */
const closed = (
  before: Ownership,
  { from, routing }: { readonly from: string; readonly routing: AbsorbedRouting },
  after: Ownership,
  now: Date,
): readonly LeadEvent[] => {
  const closing = closingByMerge(before, routing, after);
  if (!closing) return [];
  const own = closing === before.closed ? {} : { from };
  return [...missedBy(after, now), { type: 'LeadClosed', data: { ...closing, ...own, settles: [...after.workIds] } }];
};

/** Takes over, in one part or several, what a merged lead had; each activity once, by its event id. What was merged is taken over whatever it comes to. */
export const absorbLead = command(lead)({
  name: 'AbsorbLead',
  input: z.object({
    projectId: z.string(),
    leadId: z.uuid(),
    from: z.uuid(),
    identifiers: z.array(identifierSchema),
    activities: z.array(activitySchema),
    last: z.boolean(),
    scoring: publishedModelSchema,
    ...broughtSchema.shape,
  }),
  id: ({ projectId, leadId }) => leadStreamId(projectId, leadId),
  decideAndFold: (
    state,
    { projectId: _, leadId, from, identifiers, activities, last, scoring, ...brought },
    { now },
  ) => {
    const { qualifications, ...more } = brought;
    if (state.status !== 'lead') throw new Rejection('lead-merged', `Lead ${leadId} takes no more facts`);
    if (state.absorbed.has(from)) return undecided(state);
    const fresh = withRoomFor(state, newActivities(state, activities));
    const absorbed: LeadEvent = {
      type: 'LeadAbsorbed',
      data: {
        from,
        identifiers: [...newIdentifiers(state, identifiers)],
        activities: [...fresh],
        known: activities.filter(({ eventId }) => activityOf(state.activities, eventId)).map(({ eventId }) => eventId),
        qualifications,
        last,
        ...(last && more),
      },
    };
    const joined = withFacts(undecided(state), [absorbed]);
    const after = joined.state;
    const said = withFacts(joined, [...conflictOfUserIds(state, after), ...profileChanges(state, after)]);
    const scored = withFacts(said, scoreFacts(after, { model: scoring, now, cause: 'merge', fresh }));
    if (!last || !more.routing) return scored;
    return withFacts(scored, closed(state.ownership, { from, routing: more.routing }, scored.state.ownership, now));
  },
});
