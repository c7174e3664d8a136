// Loads an HTTP server from a process of its own, as a message says, and answers with what it measured.
import { once } from 'node:events';
import { connect } from 'node:net';
import { createHistogram } from 'node:perf_hooks';
import { answerReader } from './answers.ts';
import type { Load, Loaded } from './load.ts';

/** How long the last answers may take after the load has ended, in ms. */
const patience = 30_000;

/** A request as it goes over the wire. */
const requestOf = ({ url, path, headers }: Load, body: string): Buffer => {
  const all = { host: new URL(url).host, ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
};

/** What was answered so far. Latencies are in microseconds. */
const tallying = () => {
  const latency = createHistogram();
  const statuses: Record<string, number> = {};
  const count = (status: number, since: number): void => {
    latency.record(Math.max(1, Math.round((performance.now() - since) * 1_000)));
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const at = (percentile: number): number => latency.percentile(percentile) / 1_000;
  return { count, statuses, sent: () => latency.count, at };
};

/** One connection that sends its requests one after the other. Resolves when there is none left; rejects when it breaks. */
const converse = async (url: URL, next: () => Buffer | undefined, count: (status: number, since: number) => void) => {
  const socket = connect(Number(url.port), url.hostname).setNoDelay(true);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let since = 0;
  const send = (): void => {
    const request = next();
    if (!request) return resolve();
    since = performance.now();
    socket.write(request);
  };
  const read = answerReader((status) => {
    count(status, since);
    send();
  });
  socket.on('data', (piece) => {
    try {
      read(piece);
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
  socket.once('connect', send);
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('The server closed a connection')));
  await promise;
  socket.destroy();
};

/** Sends requests, each connection the next one when it has its answer, and waits for the answers to all that were sent. */
const run = async (load: Load): Promise<Loaded> => {
  const { connections, seconds = Infinity, once: eachOnce = false } = load;
  const requests = load.bodies.map((body) => requestOf(load, body));
  const { count, statuses, sent, at } = tallying();
  const [begun, cpu] = [performance.now(), process.cpuUsage()];
  const until = begun + seconds * 1_000;
  let inTime = 0;

  // In their order, whichever connection is free: so as many were sent as were answered, and those are the first ones.
  let index = 0;
  const next = (): Buffer | undefined => {
    if (performance.now() > until || (eachOnce && index >= requests.length)) return undefined;
    return requests[index++ % requests.length];
  };
  const counted = (status: number, since: number): void => {
    count(status, since);
    if (performance.now() <= until) inTime++;
  };
  const url = new URL(load.url);
  const talks = Array.from({ length: connections }, () => converse(url, next, counted));
  const ends = await Promise.allSettled(talks);
  const lasted = performance.now() - begun;
  const used = process.cpuUsage(cpu);
  return {
    seconds: Math.min(lasted / 1_000, seconds),
    begun: performance.timeOrigin + begun,
    lasted: lasted / 1_000,
    statuses,
    answered: sent(),
    inTime,
    p50: at(50),
    p95: at(95),
    p99: at(99),
    errors: ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : [])),
    busy: (used.user + used.system) / 1_000 / lasted,
  };
};

const [load] = (await once(process, 'message')) as [Load];
const limit = (load.seconds ?? 120) * 1_000 + patience;
setTimeout(() => {
  throw new Error(`The last answers did not come within ${limit} ms`);
}, limit).unref();
process.send?.(await run(load), () => process.disconnect());
