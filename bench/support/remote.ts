import { openLog } from '../../src/eventstore/open.ts';
import { threadsOf, untilIdle, usedBetween } from './cpu.ts';
import { batchesOf, bodiesOf, eventOf } from './events.ts';
import { loaded } from './load.ts';
import { startProduct } from './product.ts';
import { untilQuiet } from './quiet.ts';

const leads = 1_000;
const adminKey = 'a-key-of-the-benchmark-that-is-long-enough';

/** How events come: so many in each request, over so many connections; how many requests warm up, and are in each run. */
export const ways = [
  { name: 'One event a request', size: 1, connections: 20, warmUp: 3_000, requests: 1_500, goal: 2 },
  { name: '50 events a request', size: 50, connections: 2, warmUp: 60, requests: 40, goal: 1 },
] as const;
export type Way = (typeof ways)[number];

/** Events a second, and the CPU of an event over all threads of the product, in µs, until nothing is left to do. */
export type Run = { readonly rate: number; readonly cpu: number };

/** Throws unless the log on a server has as many activities of a project as were acknowledged, each once. */
const mustHave = async (url: string, projectId: string, acknowledged: number): Promise<void> => {
  const store = await openLog({ scheme: 'eventstoredb', url });
  const [head, ids, done] = [await store.head(), new Set<string>(), new AbortController()];
  let activities = 0;
  for await (const { events, position } of store.follow(0, done.signal, { streams: [`lead-${projectId}.`] })) {
    for (const { id, type } of events) {
      ids.add(id);
      if (type === 'ActivityRecorded') activities++;
    }
    if (position >= head) break;
  }
  await store.close();
  if (activities !== acknowledged)
    throw new Error(`${acknowledged} events were acknowledged, but the log has ${activities} activities`);
};

const bodiesFor = ({ size }: Way, requests: number, first: number): readonly string[] =>
  size === 1
    ? bodiesOf(requests, leads, first)
    : batchesOf((index) => eventOf(index, leads), { count: requests, size, field: 'events', first });

/** Starts the product with its log on a server, and tells how to load it. */
export const startRemote = async (dataDir: string, url: string) => {
  const env = { LEADFOLD_ADMIN_KEY: adminKey, EVENT_STORE: url };
  const product = await startProduct({ dataDir, env });
  const { projectId, apiKey } = await product.project();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const { pid } = product.process;
  let met = 0;
  const run = async (way: Way, requests: number): Promise<Run> => {
    const [events, bodies] = [requests * way.size, bodiesFor(way, requests, met)];
    met += events;
    const [path, expected] = way.size === 1 ? ['/api/events/ingest', 202] : ['/api/events/batch', 200];
    const before = threadsOf(pid);
    const load = { url: product.url, path, connections: way.connections, headers, bodies, once: true };
    const { lasted } = await loaded(load, expected);
    await untilQuiet(product);
    await untilIdle(pid);
    return { rate: events / lasted, cpu: usedBetween(pid, before, threadsOf(pid)).all / events };
  };
  const end = async (): Promise<void> => {
    await product.stop();
    await mustHave(url, projectId, met);
  };
  return { run, end };
};
