import { createHistogram } from 'node:perf_hooks';
import type { Answered, Connection, Due } from './connection.ts';
import { openConnection } from './connection.ts';

/** Requests to send to a server: over so many connections, and by the clock when there is a rate (requests a second). */
export type Load = {
  readonly url: string;
  readonly key: string;
  readonly requests: readonly { readonly path: string; readonly body: string }[];
  readonly concurrent: number;
  readonly rate?: number | undefined;
  /** Told of each answer when it is there. Must not throw. */
  readonly onAnswer?: Answered;
};

/** What came of it. Latencies are in ms: since the request was sent, or since it was due when there is a rate. */
export type Loaded = {
  readonly seconds: number;
  /** How many requests were answered with each status, or not answered for which reason. */
  readonly results: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** How much later than the clock said the latest request was put in line, in ms: the generator's own lateness. */
  readonly late: number;
};

const wire = (url: URL, key: string, path: string, body: string): Buffer => {
  const length = Buffer.byteLength(body);
  const head = `POST ${path} HTTP/1.1\r\nhost: ${url.host}\r\nauthorization: Bearer ${key}\r\n`;
  return Buffer.from(`${head}content-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`);
};

/** Latencies go in, percentiles come out. */
const tallying = () => {
  const latency = createHistogram();
  const results: Record<string, number> = {};
  const count = (result: number | string, due: number): void => {
    latency.record(Math.max(1, Math.round((performance.now() - due) * 1_000)));
    results[result] = (results[result] ?? 0) + 1;
  };
  const at = (percentile: number): number => latency.percentile(percentile) / 1_000;
  return { count, results, figures: () => ({ p50: at(50), p95: at(95), p99: at(99), max: latency.max / 1_000 }) };
};

/**
 * Sends all requests. Without a rate each connection sends the next one when it has its answer (closed loop). With a rate
 * they are put in line by the clock, whether or not those before are answered, and a request that has to wait for a
 * connection has waited (open loop): so a server that stands still is not spared the load that it would have got.
 */
export const loaded = async ({ url: address, key, requests, concurrent, rate, onAnswer }: Load): Promise<Loaded> => {
  const url = new URL(address);
  const { count, results, figures } = tallying();
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const idle: Connection[] = [];
  const line: Due[] = [];
  const state = { queued: 0, answered: 0, late: 0, taken: 0 };
  const begun = performance.now();

  const next = (): Due | undefined => {
    const waiting = line[state.taken];
    if (waiting) state.taken++;
    if (waiting || rate !== undefined) return waiting;
    const request = requests[state.queued];
    if (!request) return undefined;
    state.queued++;
    return { request: wire(url, key, request.path, request.body), due: performance.now() };
  };
  const free = (connection: Connection): void => {
    if (state.answered === requests.length) return resolve();
    const due = next();
    if (due) connection.send(due);
    else idle.push(connection);
  };
  const answered: Answered = (result, due, head) => {
    state.answered++;
    count(result, due);
    onAnswer?.(result, due, head);
  };
  const connections = Array.from({ length: Math.min(concurrent, requests.length) }, () =>
    openConnection(url, answered, free),
  );

  const queueDue = (every: number): void => {
    const now = performance.now();
    for (;;) {
      const [request, due] = [requests[state.queued], begun + state.queued * every];
      if (!request || due > now) return;
      state.queued++;
      state.late = Math.max(state.late, now - due);
      line.push({ request: wire(url, key, request.path, request.body), due });
      const connection = idle.pop();
      if (connection) free(connection);
    }
  };
  const clock = rate === undefined ? undefined : setInterval(queueDue, 1, 1_000 / rate);
  for (const connection of connections) free(connection);
  await done;
  clearInterval(clock);
  for (const connection of connections) connection.end();
  return { seconds: (performance.now() - begun) / 1_000, results, ...figures(), late: state.late };
};
