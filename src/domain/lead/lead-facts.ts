import { activityOf } from './activities.ts';
import type { Activity, Json } from './activity.ts';
import type { Decided } from '../event.ts';
import type { Identifier } from '../identity/identity.ts';
import { identifierKey, leadIdOf } from '../identity/identity.ts';
import type { LeadEvent } from './lead-events.ts';
import type { LeadState } from './lead.ts';
import { lead } from './lead.ts';
import { stageOf } from '../scoring/scoring.ts';
import type { PublishedModel } from '../scoring/published-model.ts';

/** What was decided with some more facts. */
export const withFacts = (before: Decided<LeadState, LeadEvent>, facts: readonly LeadEvent[]): typeof before =>
  facts.length === 0 ? before : { facts: [...before.facts, ...facts], state: facts.reduce(lead.evolve, before.state) };

/** Nothing was decided yet. */
export const undecided = (state: LeadState): Decided<LeadState, LeadEvent> => ({ facts: [], state });

/** A lead begins, on the stream of an identifier that nobody used before. */
export const captured = (
  projectId: string,
  identifier: Identifier,
  { model }: PublishedModel,
  now: Date,
): LeadEvent => ({
  type: 'LeadCaptured',
  data: {
    projectId,
    leadId: leadIdOf(projectId, identifier),
    identifier,
    capturedAt: now.toISOString(),
    stage: stageOf(model, 0),
  },
});

/** The identifiers that the lead does not have yet, once each. */
export const newIdentifiers = (state: LeadState, identifiers: readonly Identifier[]): readonly Identifier[] => {
  const fresh = identifiers.filter((each) => !state.identifiers.has(identifierKey(each)));
  return fresh.length < 2 ? fresh : [...new Map(fresh.map((each) => [identifierKey(each), each])).values()];
};

/** Says so when the lead came to have more than one userId. */
export const conflictOfUserIds = (before: LeadState, after: LeadState): readonly LeadEvent[] => {
  const userIds = [...after.userIds];
  return userIds.length > 1 && userIds.length > before.userIds.length
    ? [{ type: 'IdentityConflict', data: { userIds } }]
    : [];
};

/** The activities that the lead does not have yet; of two with one event id the first. */
export const newActivities = (state: LeadState, activities: readonly Activity[]): readonly Activity[] => {
  const fresh = activities.filter(({ eventId }) => !activityOf(state.activities, eventId));
  if (fresh.length < 2) return fresh;
  const first = new Map<string, Activity>();
  for (const activity of fresh) if (!first.has(activity.eventId)) first.set(activity.eventId, activity);
  return [...first.values()];
};

// By way of the map: an object has a "constructor" that nobody said.
const traitOf = ({ profile }: LeadState, trait: string): Json => profile.get(trait)?.value ?? null;

/** What changed in the traits in force: the new value, or null for a trait that was taken away. */
export const profileChanges = (before: LeadState, after: LeadState): readonly LeadEvent[] => {
  if (before.profile === after.profile) return [];
  const changes: Record<string, Json> = {};
  for (const trait of after.profile.keys()) {
    const value = traitOf(after, trait);
    if (JSON.stringify(traitOf(before, trait)) !== JSON.stringify(value)) changes[trait] = value;
  }
  return Object.keys(changes).length > 0 ? [{ type: 'ProfileUpdated', data: { changes } }] : [];
};
