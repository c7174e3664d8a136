import { z } from 'zod';
import { ask, bodyOf } from '../support/http.ts';
import type { Target } from '../support/target.ts';
import type { Sample } from './exposition.ts';
import { samplesIn, valuesOf } from './exposition.ts';

const queueStats = z.object({
  subscriptions: z.array(z.object({ name: z.string(), state: z.string(), lag: z.number(), lagSeconds: z.number() })),
  jobs: z.record(z.string(), z.number()),
  failed: z.int(),
});

type Queues = z.infer<typeof queueStats>;

/** How the service is at a moment. */
export type Reading = {
  /** How far the reader of the log that is furthest behind is behind, in events and seconds. */
  readonly lag: number;
  readonly lagSeconds: number;
  /** Events that wait for the one furthest behind, and jobs that have not ended. */
  readonly queue: number;
  readonly failed: number;
  /** Readers that can't go on. */
  readonly stalled: readonly string[];
  /** Memory of the process in MB of a million bytes. */
  readonly memory: number;
  /** Facts that the leads were made of since the process started. */
  readonly processed: number;
};

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);
const most = (values: readonly number[]): number => Math.max(0, ...values);

/** What the metrics themselves say of the queues, for a server that has no queue-stats. */
const queuesIn = (samples: readonly Sample[]): Queues => {
  const of = (name: string) => samples.filter((sample) => sample.name === `leadfold_projection_${name}`);
  const seconds = new Map(of('lag_seconds').map(({ labels, value }) => [labels['projection'], value]));
  const stalled = new Set(of('stalled').flatMap(({ labels, value }) => (value === 1 ? [labels['projection']] : [])));
  const subscriptions = of('lag_events').map(({ labels: { projection: name = '' }, value: lag }) => ({
    name,
    lag,
    lagSeconds: seconds.get(name) ?? 0,
    state: stalled.has(name) ? 'stalled' : 'live',
  }));
  return { subscriptions, jobs: {}, failed: sum(valuesOf(samples, 'leadfold_work_parked_total')) };
};

/** Reads the queues and the metrics of a server. Needs the root key. Rejects when one of them isn't answered. */
export const readingOf = async ({ url, key }: Target): Promise<Reading> => {
  const [queues, page] = await Promise.all([
    ask(`${url}/api/admin/queue-stats`, { key }),
    ask(`${url}/metrics`, { key }).then((answer) => bodyOf(answer, 200, z.string())),
  ]);
  const samples = samplesIn(page);
  const { subscriptions, jobs, failed } = queues.status === 404 ? queuesIn(samples) : bodyOf(queues, 200, queueStats);
  const lag = most(subscriptions.map((each) => each.lag));
  const events = samples.filter(({ labels }) => labels['projection'] === 'leads');
  return {
    lag,
    failed,
    lagSeconds: most(subscriptions.map((each) => each.lagSeconds)),
    queue: lag + sum(['requested', 'running'].map((status) => jobs[status] ?? 0)),
    stalled: subscriptions.filter(({ state }) => state === 'stalled').map(({ name }) => name),
    memory: sum(valuesOf(samples, 'process_resident_memory_bytes')) / 1e6,
    processed: sum(valuesOf(events, 'leadfold_projection_events_total')),
  };
};
