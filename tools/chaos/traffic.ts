import { setTimeout as sleep } from 'node:timers/promises';
import type { Ledger } from './ledger.ts';
import type { Project, Sent } from './project.ts';

/** What the activities of the chaos are, with their points in the default scoring model. */
export const points: Readonly<Record<string, number>> = {
  page_view: 5,
  email_open: 10,
  form_submit: 20,
  signup: 30,
  download: 15,
  webinar_attendance: 25,
  unheard: 0,
};
const types = Object.keys(points);

/** The nth activity of so many people, each by one, two or three identifiers, so that leads of one person meet. */
export const activity = (n: number, people: number): Sent => {
  const person = (n * 7_919) % people;
  const [userId, email, anonymousId] = [`user-${person}`, `p${person}@example.com`, `cookie-${person}`];
  const ways = [{ userId }, { email }, { anonymousId }, { userId, anonymousId }, { email, anonymousId }] as const;
  return {
    ...ways[(n + Math.floor(n / people)) % ways.length],
    eventId: `e${n}`,
    eventType: types[n % types.length] ?? 'unheard',
    properties: { n },
  };
};

/** Runs so many clients at once, each until it is told to end. */
export const clients = async (count: number, client: (index: number) => Promise<void>): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_, index) => client(index)));
};

/** Hands out the items of a list to so many clients at once. */
export const inParallel = async <T>(
  count: number,
  items: readonly T[],
  each: (item: T) => Promise<unknown>,
): Promise<void> => {
  const next = { at: 0 };
  await clients(count, async () => {
    for (let item = items[next.at++]; item !== undefined; item = items[next.at++]) await each(item);
  });
};

/** Traffic that goes on until it is ended; `end` resolves when the last request is answered or has failed. */
export type Traffic = {
  /** Requests that were not answered as they should be, and why the first of them was not. */
  readonly failures: () => readonly string[];
  readonly end: () => Promise<void>;
};

/** `pause` is how long each client waits after an answer, in ms. */
type Flow = {
  readonly clients: number;
  readonly people: number;
  readonly next: { n: number };
  readonly pause?: number;
};

/** Sends activities from several clients, by turns alone and as small batches. What isn't acknowledged is counted and left. */
export const openTraffic = (project: Project, ledger: Ledger, { people, next, pause, ...flow }: Flow): Traffic => {
  const state = { ended: false };
  const failures: string[] = [];
  const client = async (): Promise<void> => {
    while (!state.ended) {
      const events = Array.from({ length: 1 + (next.n % 5) }, () => activity(next.n++, people));
      const [only] = events;
      const send = events.length === 1 && only ? () => project.send(only) : () => project.batch(events);
      await ledger.through(events, send).catch((error: unknown) => failures.push(String(error)));
      if (pause !== undefined) await sleep(pause);
    }
  };
  const running = clients(flow.clients, client);
  return {
    failures: () => failures,
    end: async () => {
      state.ended = true;
      await running;
    },
  };
};
