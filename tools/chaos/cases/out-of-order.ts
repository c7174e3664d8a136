import { z } from 'zod';
import type { Case } from '../case.ts';
import { mustEqual } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import type { Project, Sent } from '../project.ts';
import { inParallel } from '../traffic.ts';

/** From a first visit to a form, by three identifiers that become known to be one person on the way. */
const journey = [
  { eventType: 'page_view', who: ['anonymousId'] },
  { eventType: 'signup', who: ['userId', 'anonymousId'] },
  { eventType: 'email_open', who: ['email'] },
  { eventType: 'form_submit', who: ['userId', 'email'] },
  { eventType: 'download', who: ['anonymousId'] },
] as const;

const ordersOf = (items: readonly number[]): readonly (readonly number[])[] =>
  items.length === 0
    ? [[]]
    : items.flatMap((first) => ordersOf(items.filter((each) => each !== first)).map((rest) => [first, ...rest]));

const stepOf = (at: number, person: number, begun: number): Sent => {
  const who = { anonymousId: `cookie-${person}`, userId: `user-${person}`, email: `p${person}@example.com` };
  const { eventType, who: kinds } = journey[at] ?? journey[0];
  return {
    ...Object.fromEntries(kinds.map((kind) => [kind, who[kind]])),
    eventType,
    eventId: `${person}-${at}`,
    timestamp: new Date(begun + at * 60_000).toISOString(),
  };
};

const found = z.object({
  leadId: z.string(),
  score: z.number(),
  fit: z.number(),
  engagement: z.number(),
  stage: z.string(),
  activities: z.int(),
  lastActivityAt: z.string(),
  identifiers: z.array(z.object({ kind: z.string() })),
});
const entry = z.object({ eventType: z.string(), occurredAt: z.string() });

/** What became of a journey, without what tells one person from another. */
const resultOf = async (project: Project, person: number): Promise<unknown> => {
  const { leadId, identifiers, ...lead } = await project.get(`/api/leads/lookup?userId=user-${person}`, found);
  const timeline = await project.all(`/api/leads/${leadId}/timeline`, entry);
  return { ...lead, identifiers: identifiers.map(({ kind }) => kind).toSorted(), timeline };
};

/** A journey in every order. */
export const outOfOrder: Case = {
  name: 'out-of-order',
  about: 'a journey of five steps by three identifiers arrives in each of its 120 orders',
  criterion: 'every order ends with the same score, stage, identifiers and timeline, in one lead',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const begun = Date.now() - 86_400_000;
    const all = ordersOf(journey.map((_, at) => at));
    // In a small run the first and the last orders are among the few.
    const orders = all.filter((_, at) => at % Math.ceil(all.length / many(all.length)) === 0 || at === all.length - 1);
    await inParallel(8, [...orders.entries()], async ([person, order]) => {
      for (const at of order) {
        await ledger.through([stepOf(at, person, begun)], ([event]) =>
          event ? project.send(event) : Promise.resolve(),
        );
      }
    });
    await server.settled();

    const shown = await mustBeWhole(server, project, ledger);
    mustEqual(shown.size, orders.length, 'Leads');
    const expected = await resultOf(project, 0);
    await inParallel(8, [...orders.entries()], async ([person, order]) => {
      mustEqual(await resultOf(project, person), expected, `The order ${order.join(', ')}`);
    });
    return { found: `${orders.length} orders, one result` };
  },
};
