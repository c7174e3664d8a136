import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { threadsOf, untilIdle, usedBetween } from './cpu.ts';
import { batchesOf } from './events.ts';
import { loaded } from './load.ts';
import type { Product } from './product.ts';
import { untilQuiet } from './quiet.ts';
import { mustSucceed, qualifyingEvent, visitingEvent } from './routed.ts';

/** A product with reps, and a project that leads come to. */
export type Office = { readonly product: Product; readonly projectId: string; readonly apiKey: string };

/** So many leads from the nth on. */
export type Some = { readonly first: number; readonly count: number };

const size = 500;

/** Has leads do something, many in a request, and resolves with the CPU of it in µs, until nothing is left to do. */
export const sendBurst = async (
  { product, apiKey }: Office,
  { first, count }: Some,
  does: (index: number) => unknown,
): Promise<number> => {
  const { pid } = product.process;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const bodies = batchesOf(does, { count: count / size, size, field: 'events', first });
  const before = threadsOf(pid);
  await loaded({ url: product.url, path: '/api/events/batch', connections: 4, headers, bodies, once: true }, 200);
  await untilQuiet(product);
  await untilIdle(pid);
  return usedBetween(pid, before, threadsOf(pid)).all;
};

/** How many are given to reps by hand at a time. */
const hands = 20;

/** Gives leads that have not qualified to a rep by hand: nothing is decided when they do. */
const giveByHand = async ({ product, projectId }: Office, { first, count }: Some): Promise<void> => {
  const authorization = `Bearer ${product.adminKey}`;
  const headers = { authorization, 'x-project-id': projectId, 'content-type': 'application/json' };
  const give = (index: number): Promise<void> => {
    const leadId = leadIdOf(projectId, { kind: 'userId', value: qualifyingEvent(index).userId });
    const body = JSON.stringify({ repId: 'rep-0-0' });
    return mustSucceed(fetch(`${product.url}/api/leads/${leadId}/assign`, { method: 'POST', headers, body }));
  };
  for (let at = 0; at < count; at += hands) {
    const some = Array.from({ length: Math.min(hands, count - at) }, (_, index) => first + at + index);
    await Promise.all(some.map(give));
  }
};

/**
 * The CPU over all threads, in µs, that routing costs for each of some leads: what it takes when known leads qualify, less
 * what the same takes when somebody has them already.
 */
export const cpuOfRouting = async (office: Office, first: number, count: number): Promise<number> => {
  const [given, free] = [
    { first, count },
    { first: first + count, count },
  ];
  await sendBurst(office, { first, count: 2 * count }, visitingEvent);
  await giveByHand(office, given);
  await untilQuiet(office.product);
  await untilIdle(office.product.process.pid);
  const without = await sendBurst(office, given, qualifyingEvent);
  return ((await sendBurst(office, free, qualifyingEvent)) - without) / count;
};
