import type { Activity, Who } from './activity.ts';
import { dayMinutes } from './activity.ts';
import type { Chance } from './chance.ts';
import type { Person } from './people.ts';

/** Somebody who does things, as chance has it. */
export type Actor = { readonly person: Person; readonly chance: Chance };

const paths = ['/', '/features', '/blog/lead-scoring', '/customers', '/docs', '/integrations', '/about'] as const;
const sources = ['google', 'newsletter', 'linkedin', 'direct', 'partner'] as const;

/** A minute of a day between 7 in the morning and 9 in the evening. */
export const daytime = ({ chance }: Actor, day: number): number => day * dayMinutes + chance.between(7 * 60, 21 * 60);

const traitsOf = ({ name, company, role, teamSize }: Person): Activity['traits'] => ({ name, company, role, teamSize });

/** A visit to the website: pages one after the other, sometimes the prices at the end. */
export const visit = (actor: Actor, day: number, who: Who, interest = 0.2): readonly Activity[] => {
  const { person, chance } = actor;
  const begin = daytime(actor, day);
  const common = { visitor: person.visitor, who, sessionId: `session-${chance.hex(8)}` };
  const pages = Array.from({ length: chance.between(1, 4) }, (_, index): Activity => {
    const source = index === 0 && { source: chance.oneOf(sources) };
    return {
      ...common,
      eventType: 'page_view',
      at: begin + index * chance.between(1, 3),
      properties: { path: chance.oneOf(paths), ...source },
    };
  });
  const prices: Activity = {
    ...common,
    eventType: 'pricing_page_visit',
    at: begin + 25,
    properties: { path: '/pricing', seconds: chance.between(10, 240) },
  };
  return chance.happens(interest) ? [...pages, prices] : pages;
};

/** Several visits, each on a day from `from` to `to`. */
export const visits = (
  actor: Actor,
  [from, to]: readonly [number, number],
  who: Who,
  most: number,
): readonly Activity[] =>
  Array.from({ length: actor.chance.between(1, most) }, () =>
    visit(actor, actor.chance.between(from, to), who, 0.35),
  ).flat();

/** One thing that is done at some time of a day. */
export const once = (
  actor: Actor,
  [eventType, day]: readonly [string, number],
  who: Who,
  properties: NonNullable<Activity['properties']> = {},
): Activity => ({ visitor: actor.person.visitor, eventType, at: daytime(actor, day), who, properties });

/** The same, telling what there is to know of the person too. */
export const introducing = (actor: Actor, activity: Activity): Activity => {
  const traits = traitsOf(actor.person);
  return { ...activity, ...(traits && { traits }) };
};

/** What becomes of the e-mails of some days: they are opened, and some of their links are followed. */
export const mails = (actor: Actor, [from, to]: readonly [number, number]): readonly Activity[] => {
  const { person, chance } = actor;
  const who = { email: person.email };
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
    .filter(() => chance.happens(0.3))
    .flatMap((day) => {
      const campaign = { campaign: `day-${day + 1}` };
      const open = once(actor, ['email_open', day], who, campaign);
      const click: Activity = { ...open, eventType: 'email_click', at: open.at + 1 };
      return chance.happens(0.4) ? [open, click] : [open];
    });
};
