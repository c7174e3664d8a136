import type { Activity } from './activity.ts';
import { days } from './activity.ts';
import type { Actor } from './steps.ts';
import { introducing, mails, once, visit, visits } from './steps.ts';

/** What one visitor does in the fortnight. All identifiers of a journey meet, so that it is one lead in the end. */
type Journey = (actor: Actor) => readonly Activity[];

const last = days - 1;

const onlooker: Journey = (actor) => visits(actor, [0, last], { anonymousId: actor.person.laptop }, 2);

/** Leaves nothing but an e-mail address, reads, and in some cases has enough. */
const reader: Journey = (actor) => {
  const who = { email: actor.person.email };
  const day = actor.chance.between(0, 6);
  const form = introducing(actor, once(actor, ['form_submit', day], who, { form: 'newsletter' }));
  const leaves = actor.chance.happens(0.25);
  return [
    ...[form, ...mails(actor, [day + 1, 12])],
    ...(leaves ? [once(actor, ['unsubscribe', last], who, { reason: 'too many' })] : []),
  ];
};

/** Comes without a name, and gives an address for a download. */
const evaluator: Journey = (actor) => {
  const { laptop: anonymousId, email } = actor.person;
  const day = actor.chance.between(4, 9);
  const download = once(actor, ['download', day], { anonymousId, email }, { asset: 'buyers-guide.pdf' });
  return [
    ...[...visits(actor, [0, day], { anonymousId }, 3), introducing(actor, download)],
    ...[...mails(actor, [day + 1, last])],
  ];
};

/** Signs up on some day, known by nothing but the laptop before. */
const signingUp = (actor: Actor, day: number): readonly Activity[] => {
  const { laptop: anonymousId, email, userId } = actor.person;
  const signup = once(actor, ['signup', day], { userId, email, anonymousId }, { plan: 'trial' });
  return [...visits(actor, [0, day - 1], { anonymousId }, 3), introducing(actor, signup)];
};

const member: Journey = (actor) => {
  const { laptop: anonymousId, userId } = actor.person;
  const day = actor.chance.between(2, 9);
  return [
    ...[...signingUp(actor, day), ...visits(actor, [day + 1, last], { userId, anonymousId }, 3)],
    ...mails(actor, [day + 1, last]),
  ];
};

/** Looks around with a phone too, and logs in there at last: two leads that turn out to be one. */
const roamer: Journey = (actor) => {
  const { phone: anonymousId, userId } = actor.person;
  const day = actor.chance.between(2, 8);
  return [
    ...signingUp(actor, day),
    ...[0, 1].flatMap(() => visit(actor, actor.chance.between(0, day), { anonymousId }, 0.5)),
    once(actor, ['login', day + actor.chance.between(1, 3)], { userId, anonymousId }, { device: 'phone' }),
    ...visits(actor, [day + 4, last], { userId, anonymousId }, 2),
  ];
};

/** Known by e-mail at first, then by a laptop, then by both; goes all the way, and in some cases signs. */
const buyer: Journey = (actor) => {
  const { laptop: anonymousId, email, userId } = actor.person;
  const { chance } = actor;
  const day = chance.between(3, 6);
  const form = once(actor, ['form_submit', chance.between(0, 2)], { email }, { form: 'contact' });
  const signs = chance.happens(0.5);
  return [
    ...[introducing(actor, form), ...signingUp(actor, day)],
    once(actor, ['webinar_attendance', day + 1], { email }, { webinar: 'getting-started', minutes: 45 }),
    once(actor, ['demo_request', day + 2], { userId, email }, { seats: chance.between(5, 200) }),
    ...[...visits(actor, [day + 3, last], { userId, anonymousId }, 4), ...mails(actor, [day + 1, last])],
    ...(signs ? [once(actor, ['contract_signed', chance.between(11, last)], { email }, { plan: 'team' })] : []),
  ];
};

/** Two colleagues at one computer: the second one's link to it must be refused. */
export const sharers = (first: Actor, second: Actor): readonly Activity[] => {
  const signup = (actor: Actor, day: number): Activity => {
    const { userId, email } = actor.person;
    const who = { userId, email, anonymousId: 'meeting-room' };
    return introducing(actor, once(actor, ['signup', day], who, { plan: 'trial' }));
  };
  return [signup(first, 2), signup(second, 5), ...mails(first, [6, last]), ...mails(second, [6, last])];
};

/** The journeys with how many of a hundred visitors make each. */
const journeys: readonly (readonly [share: number, journey: Journey])[] = [
  [42, onlooker],
  [18, reader],
  [15, evaluator],
  [12, member],
  [6, roamer],
  [7, buyer],
];

/** What a visitor does, by chance. */
export const journeyOf: Journey = (actor) => {
  const drawn = actor.chance.between(1, 100);
  let upTo = 0;
  const found = journeys.find(([share]) => (upTo += share) >= drawn);
  return (found?.[1] ?? onlooker)(actor);
};
