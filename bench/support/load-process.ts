// Loads an HTTP server from a process of its own, as a message says, and answers with what it measured.
import { once } from 'node:events';
import { createHistogram } from 'node:perf_hooks';
import autocannon from 'autocannon';
import type { Load, Loaded } from './load.ts';

/** Sends requests for a while, each connection the next one when it has its answer. */
const run = async ({ url, connections, seconds, path, headers, bodies }: Load): Promise<Loaded> => {
  const latency = createHistogram();
  const statuses: Record<string, number> = {};
  const requests = bodies.map((body) => ({ method: 'POST' as const, path, headers, body }));
  let clients = 0;
  // Each connection has bodies of its own, as far as there are enough: else all would send the same one at the same time.
  const share = Math.max(1, Math.floor(requests.length / connections));
  const setupClient = (client: autocannon.Client): void => {
    const first = (clients++ * share) % requests.length;
    client.setRequests(requests.slice(first, first + share));
  };
  const cannon = autocannon({ url, connections, duration: seconds, requests, setupClient }, () => undefined);
  cannon.on('response', (_client, status, _bytes, milliseconds) => {
    latency.record(Math.max(1, Math.round(milliseconds * 1_000)));
    statuses[status] = (statuses[status] ?? 0) + 1;
  });
  const [{ errors, duration }] = (await once(cannon, 'done')) as [autocannon.Result];
  const at = (percentile: number): number => latency.percentile(percentile) / 1_000;
  return { seconds: duration, statuses, errors, p50: at(50), p95: at(95), p99: at(99) };
};

const [load] = (await once(process, 'message')) as [Load];
process.send?.(await run(load), () => process.disconnect());
