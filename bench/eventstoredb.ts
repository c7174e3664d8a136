import { openLog } from '../src/eventstore/open.ts';
import { appendRate } from './support/appending.ts';
import type { Benchmark } from './support/benchmark.ts';
import { batchesOf, trackOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { started } from './support/processes.ts';
import { startProduct } from './support/product.ts';

const [writers, connections, size, leads] = [50, 2, 50, 5_000];
const adminKey = 'a-key-of-the-benchmark-that-is-long-enough';

/** The server of the environment, or what stands in for one in the tests, with an empty log. */
const startServer = async () => {
  const url = process.env['EVENTSTOREDB_URL'];
  if (url !== undefined) return { url, end: async () => undefined };
  const server = started('bench/support/eventstoredb-server-process.ts');
  return { url: String(await server.says()), end: () => server.end('SIGKILL') };
};

/** Throws unless the log has as many activities of a project as were acknowledged, each once. */
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

/** Events a second that the product records over HTTP with its log on the server. */
const ingested = async (url: string, dataDir: string): Promise<number> => {
  const product = await startProduct({ dataDir, env: { EVENT_STORE: url, LEADFOLD_ADMIN_KEY: adminKey } });
  const { projectId, apiKey } = await product.project();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const load = { url: product.url, path: '/v1/batch', connections, headers, once: true };
  const bodies = (first: number) =>
    batchesOf((index) => trackOf(index, leads), { count: 200, size, field: 'batch', first });
  const warm = await loaded({ ...load, seconds: 1, bodies: bodies(0) }, 200);
  const measured = await loaded({ ...load, seconds: 1.5, bodies: bodies(warm.answered * size) }, 200);
  await product.stop();
  await mustHave(url, projectId, (warm.answered + measured.answered) * size);
  return measured.rate * size;
};

/** The log on an EventStoreDB. */
export const eventstoredb: Benchmark = {
  name: 'eventstoredb',
  about: `Appends of 3 facts a second to an EventStoreDB by ${writers} writers at a time, and events through HTTP`,
  seconds: 30,
  run: async (lab) => {
    const [ours, bare, product]: [number[], number[], number[]] = [[], [], []];
    for (let round = 1; round <= lab.rounds; round++) {
      lab.say(`round ${round} of ${lab.rounds}`);
      const { url, end } = await startServer();
      bare.push(await appendRate({ url, by: 'client', writers, warmUp: 0.5, seconds: 1 }));
      ours.push(await appendRate({ url, by: 'adapter', writers, warmUp: 0.5, seconds: 1 }));
      product.push(await ingested(url, lab.folder()));
      await end();
    }
    const name = process.env['EVENTSTOREDB_URL'] === undefined ? 'a stand-in' : 'EventStoreDB';
    const reference = { name: 'the bare client', runs: bare };
    const figures: readonly Figure[] = [
      { name: `Appends of 3 facts to ${name}`, unit: '/s', runs: ours, reference, goal: { atLeast: 0.6 } },
      { name: `Events over HTTP, ${size} a request, to ${name}`, unit: '/s', runs: product },
    ];
    return figures;
  },
};
