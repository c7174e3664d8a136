import { smallestOf } from '../identity/identity.ts';
import type { Scorable } from '../scoring/scoring.ts';
import { activitiesOfType } from './activities.ts';
import type { JsonObject } from './activity.ts';
import type { LeadState } from './lead.ts';

const inForce = new WeakMap<LeadState['profile'], JsonObject>();

/** The traits in force; one whose last value is null was taken away. The same ones as long as the profile stays as it is. */
export const traitsOf = ({ profile }: LeadState): JsonObject => {
  const known = inForce.get(profile);
  if (known) return known;
  const told = [...profile].filter(([, { value }]) => value !== null);
  const traits = Object.fromEntries(told.map(([trait, { value }]) => [trait, value]));
  inForce.set(profile, traits);
  return traits;
};

/** What a lead's score is made of. Its traits are put together when somebody first looks at them: few models do. */
export const scorable = (state: LeadState): Scorable => ({
  activitiesOf: (eventType) => activitiesOfType(state.activities, eventType),
  get traits() {
    return traitsOf(state);
  },
  get email() {
    return smallestOf(state.identifiers.values(), 'email');
  },
});
