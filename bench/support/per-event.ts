import type { Used } from './cpu.ts';
import { threadsOf, untilIdle, usedBetween } from './cpu.ts';
import { batchesOf, bodiesOf, eventOf } from './events.ts';
import { loaded } from './load.ts';
import type { Product } from './product.ts';
import { startProduct } from './product.ts';
import { untilQuiet } from './quiet.ts';
import { mustShow } from './shown.ts';

/** How many leads are visited at a time. */
export const leads = 1_000;

/** How events come. What warms up doesn't count: as many as Node takes to compile what is hot. */
export type Way = {
  readonly path: string;
  readonly answer: number;
  readonly connections: number;
  readonly size: number;
  readonly bodies: (requests: number, first: number) => readonly string[];
  /** How many requests warm up, and how many are in each run. */
  readonly warmUp: number;
  readonly requests: number;
};

export const single: Way = {
  path: '/api/events/ingest',
  answer: 202,
  connections: 50,
  size: 1,
  bodies: (requests, first) => bodiesOf(requests, leads, first),
  warmUp: 16_000,
  requests: 5_000,
};

export const batches: Way = {
  path: '/api/events/batch',
  answer: 200,
  connections: 2,
  size: 50,
  bodies: (count, first) => batchesOf((index) => eventOf(index, leads), { count, size: 50, field: 'events', first }),
  warmUp: 100,
  requests: 100,
};

/** What a run took of each event: the CPU by thread in µs, and how many came a second. */
export type Run = { readonly used: Used; readonly rate: number };

const shared = (used: Used, events: number): Used => ({
  all: used.all / events,
  main: used.main / events,
  busiestWorker: used.busiestWorker / events,
  otherWorkers: used.otherWorkers / events,
  helpers: used.helpers / events,
});

type Starting = {
  readonly checkout: string;
  readonly dataDir: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What else has to be done for a run to be over. */
  readonly over?: () => Promise<void>;
};

/** A product that events are sent to and that says what each of them cost. */
export type Costed = {
  readonly product: Product;
  readonly projectId: string;
  /** Sends so many requests, and waits until the read models have the last event and nothing is left to do. */
  readonly run: (requests: number) => Promise<Run>;
  /** Stops it. Throws unless it shows each event once. */
  readonly end: () => Promise<void>;
};

/** Starts the product as it is in a checkout, for events that come one way. */
export const startCosted = async ({ checkout, dataDir, env, over }: Starting, way: Way): Promise<Costed> => {
  const adminKey = 'a-key-of-the-benchmark-that-is-long-enough';
  const product = await startProduct({ checkout, dataDir, env: { LEADFOLD_ADMIN_KEY: adminKey, ...env } });
  const { projectId, apiKey } = await product.project();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const { pid } = product.process;
  const { path, answer, connections } = way;
  let met = 0;
  return {
    product,
    projectId,
    run: async (requests) => {
      const [events, bodies] = [requests * way.size, way.bodies(requests, met)];
      met += events;
      const before = threadsOf(pid);
      const { lasted } = await loaded({ url: product.url, path, headers, connections, bodies, once: true }, answer);
      await untilQuiet(product);
      await over?.();
      await untilIdle(pid);
      return { used: shared(usedBetween(pid, before, threadsOf(pid)), events), rate: events / lasted };
    },
    // By what it answers, since another commit may keep its log in another way.
    end: async () => {
      await mustShow(product, apiKey, 0, met);
      await product.stop();
    },
  };
};
