import type { Activity, Arrival, Way } from './activity.ts';
import { dayMinutes, days } from './activity.ts';
import type { Chance } from './chance.ts';
import { chanceOf } from './chance.ts';
import { journeyOf, sharers } from './journeys.ts';
import { peopleOf } from './people.ts';

/** How many visitors there are, and how many of them are of the first project. */
export const visitors = 300;
export const ofFirst = 180;

/** All that arrives in the fortnight, in order, and what of it the service should not take as new. */
export type Story = {
  readonly arrivals: readonly Arrival[];
  readonly retries: number;
  readonly conflicts: number;
  readonly faulty: number;
  readonly late: number;
};

const activitiesOf = (chance: Chance): readonly Activity[] => {
  const [first, second, ...others] = peopleOf(chance, visitors).map((person) => ({ person, chance }));
  if (!first || !second) return [];
  return [...sharers(first, second), ...others.flatMap(journeyOf)];
};

const byMail = new Set(['email_open', 'email_click', 'unsubscribe']);
const bySales = new Set(['webinar_attendance', 'demo_request', 'contract_signed']);

/** The mail tool writes NDJSON, sales tools CloudEvents, and every website has its own habit. */
const wayOf = ({ eventType, visitor, who: { userId, anonymousId } }: Activity): Way => {
  if (byMail.has(eventType)) return 'ndjson';
  if (bySales.has(eventType)) return 'cloudevents';
  const known = userId !== undefined || anonymousId !== undefined;
  if (visitor % 2 === 0 && known) return 'segment';
  return visitor % 4 === 1 || eventType === 'form_submit' ? 'single' : 'batch';
};

/** With Segment's SDK, who somebody is is said by a call of its own. */
const asSent = (activity: Activity): readonly Activity[] => {
  const { traits, who, ...did } = activity;
  if (wayOf(activity) !== 'segment' || !traits) return [activity];
  const { email, ...ids } = who;
  const person = { ...traits, ...(email !== undefined && { email }) };
  return [
    { visitor: did.visitor, eventType: 'identify', at: did.at, who: ids, traits: person },
    { ...did, who: ids },
  ];
};

/** Phones are offline at times: the visits of some sessions arrive days later, all together. */
const delays = (chance: Chance): ((activity: Activity) => number) => {
  const known = new Map<string, number>();
  return ({ sessionId = '', at }) => {
    const delay = known.get(sessionId) ?? (chance.happens(0.05) ? chance.between(2, 4) * dayMinutes : 0);
    known.set(sessionId, delay);
    return sessionId !== '' && at + delay < days * dayMinutes ? delay : 0;
  };
};

/** What no service can take: nobody, an address that is none, a time that is yet to come. */
const faultyItems = (at: number): readonly Arrival[] => {
  const visitor = 0;
  const items: readonly Activity[] = [
    { visitor, eventType: 'email_open', at, who: {} },
    { visitor, eventType: 'email_click', at, who: { email: 'not-an-address' } },
    { visitor, eventType: 'email_open', at: 40 * dayMinutes, who: { email: 'early.bird@hooli.example' } },
  ];
  return items.map((activity, index) => ({ activity, eventId: `faulty-${index + 1}`, way: 'ndjson', at }));
};

const again = (chance: Chance, arrival: Arrival): Arrival => ({
  ...arrival,
  at: Math.min(arrival.at + chance.between(1, 120), days * dayMinutes - 1),
});

/** The same event id with another content, a day later. */
const conflicting = (arrivals: readonly Arrival[]): readonly Arrival[] => {
  const found = arrivals.find(({ activity, way, at }) => {
    return activity.eventType === 'form_submit' && way === 'single' && at < (days - 2) * dayMinutes;
  });
  if (!found) return [];
  const activity = { ...found.activity, properties: { form: 'another one' } };
  return [{ ...found, activity, at: found.at + dayMinutes }];
};

/** The story that a seed tells. */
export const storyOf = (seed: number): Story => {
  const chance = chanceOf(seed);
  const delayOf = delays(chance);
  const firsts = activitiesOf(chance)
    .flatMap(asSent)
    .toSorted((a, b) => a.at - b.at)
    .map((activity, index): Arrival => {
      const eventId = `event-${String(index + 1).padStart(5, '0')}`;
      const delay = delayOf(activity);
      const way = delay > 0 ? 'batch' : wayOf(activity);
      return { activity, eventId, way, at: activity.at + delay };
    });
  const retries = firsts.filter(() => chance.happens(0.05)).map((arrival) => again(chance, arrival));
  const conflicts = conflicting(firsts);
  const faulty = faultyItems(6 * dayMinutes + 9 * 60);
  return {
    arrivals: [...firsts, ...retries, ...conflicts, ...faulty].toSorted((a, b) => a.at - b.at),
    retries: retries.length,
    conflicts: conflicts.length,
    faulty: faulty.length,
    late: firsts.filter(({ activity, at }) => at > activity.at).length,
  };
};
