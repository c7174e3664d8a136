import type { MetricData } from '@opentelemetry/sdk-metrics';
import { z } from 'zod';
import type { SubscriptionStatus } from '../runners/subscription.ts';
import { familiesOf, openInstruments } from './instruments.ts';
import type { Heads } from './lag.ts';
import { lagFamilies } from './lag.ts';
import type { Family } from './measures.ts';
import { gauge, together } from './measures.ts';
import type { Measured, MetricsSdk, SentMetrics } from './metrics-sdk.ts';
import { processFamilies } from './process-measures.ts';
import type { Observing } from './traced-store.ts';
import type { Otlp, Tracing } from './tracing.ts';

type Counts = readonly (readonly [count: number, label: string])[];
/** Work that waits: jobs by status, what failed and waits for somebody, and open work items, by kind. */
export type Waiting = { readonly jobs: Counts; readonly failed: Counts; readonly items: Counts };

/** What is looked at when somebody asks how the process is. What can't be told now is left out. */
export type Sources = {
  readonly role: string;
  readonly head: () => Promise<number>;
  /** When the log was how long, as somebody sees it who looks again and again. */
  readonly heads: Heads;
  readonly clock: () => Date;
  readonly waiting: () => Promise<Waiting>;
  /** For how many days the oldest secret in use has been so, by what it is of. */
  readonly secrets: () => Promise<readonly (readonly [number, string])[]>;
  /** How many circuits of endpoints are in which state. */
  readonly circuits: () => readonly (readonly [number, string])[];
  /** How many wait at the end of the log for what is told of it. */
  readonly listeners: () => number;
  readonly projections: () => Promise<readonly SubscriptionStatus[]>;
  readonly reactors: () => readonly SubscriptionStatus[];
  /** What the projecting thread told of itself: `Told`. */
  readonly thread: () => Promise<unknown>;
};

const series = z.object({ labels: z.array(z.string()), value: z.number(), counts: z.array(z.number()).optional() });
const family = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  labels: z.array(z.string()),
  bounds: z.array(z.number()).optional(),
  series: z.array(series),
});

/** What a thread tells to another: what it counted, and since when, in ms since 1970, and what its runtime tells. */
const told = z.object({ since: z.number(), families: z.array(family), runtime: z.array(z.custom<MetricData>()) });
export type Told = Measured & { readonly since: number };

/** Adds up what threads told that ran one after the other, so that no count falls when one dies and is started again. */
const addingUp = () => {
  let before: readonly Family[] = [];
  let last: Told = { since: 0, families: [], runtime: [] };
  return (now: unknown): Measured => {
    const next = told.parse(now);
    const ended = next.since === last.since ? [] : last.families.filter(({ type }) => type !== 'gauge');
    before = together([...before, ...ended]);
    last = next;
    return { families: [...before, ...next.families], runtime: next.runtime };
  };
};

type Losing = (what: 'traces' | 'metrics', error: Error | undefined) => void;

/** What one thread tells: what it counts, and its spans. */
export type Telemetry = Observing & {
  readonly families: () => readonly Family[];
  /** The same for another thread, with what the runtime tells of this one. */
  readonly told: () => Promise<Told>;
  /** Tells whom `onLost` names, once of each, that nobody takes the spans or the measures. */
  readonly lost: Losing;
  readonly onLost: (listener: Losing) => void;
  /** Ends it, after the last spans were sent. */
  readonly close: () => Promise<void>;
};

/** Makes something when it is wanted for the first time. */
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

/** Begins to count, and to make spans where the environment says who takes them. */
export const openTelemetry = async (thread: string, traces: Otlp | undefined): Promise<Telemetry> => {
  const instruments = openInstruments();
  // Not the time origin: all threads of a process have the same.
  const since = Date.now();
  const untold = new Set<string>(['traces', 'metrics']);
  let listener: Losing | undefined;
  const lost: Losing = (what, error) => {
    if (listener && untold.delete(what)) listener(what, error);
  };
  const trace = async (otlp: Otlp): Promise<Tracing> =>
    (await import('./tracing-sdk.ts')).openTracing(otlp, (spans, error) => {
      instruments.lostSpans.add(spans);
      lost('traces', error);
    });
  const tracing = traces && (await trace(traces));
  const families = () => familiesOf(instruments);
  const runtime: MetricsSdk[] = [];
  const openRuntime = once(async () => void runtime.push((await import('./metrics-sdk.ts')).openMetricsSdk(thread)));
  return {
    instruments,
    tracing,
    families,
    told: async () => {
      // Whoever asks for the first time does not wait until the SDK is loaded.
      void openRuntime();
      const metrics = await Promise.all(runtime.map((each) => each.metrics()));
      return { since, families: families(), runtime: metrics.flat() };
    },
    lost,
    onLost: (named) => {
      listener = named;
    },
    close: async () => {
      await Promise.all([...runtime.map((each) => each.close()), tracing?.close()]);
    },
  };
};

const orNothing = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await ask();
  } catch (error) {
    // What is away is told by other measures, by health and in the log; the rest is still of use.
    void error;
    return undefined;
  }
};

type Adding = ReturnType<typeof addingUp>;

const gathered = async (telemetry: Telemetry, adding: Adding, sources: Sources): Promise<Measured> => {
  const [head, projections = [], told, waiting, secrets = []] = await Promise.all([
    orNothing(sources.head),
    orNothing(sources.projections),
    orNothing(sources.thread),
    // Whoever runs jobs tells of them; of an api there are many.
    sources.role === 'api' ? undefined : orNothing(sources.waiting),
    sources.role === 'api' ? undefined : orNothing(sources.secrets),
  ]);
  const end = head === undefined ? undefined : { head, heads: sources.heads, now: sources.clock() };
  const thread = told === undefined ? undefined : adding(told);
  const families = together([
    ...telemetry.families(),
    ...(thread?.families ?? []),
    ...lagFamilies('projection', projections, end),
    ...lagFamilies('reactor', sources.reactors(), end),
    gauge('leadfold_jobs', 'Jobs that wait, run or failed', ['status'], waiting?.jobs ?? []),
    gauge('leadfold_failed_work', 'What failed and waits to be retried or discarded', ['kind'], waiting?.failed ?? []),
    gauge('leadfold_open_work_items', 'What people must look at, claimed or not', ['kind'], waiting?.items ?? []),
    gauge(
      'secret_age_days',
      'For how many days the oldest secret of a source or an endpoint, or key, in use has been so',
      ['kind'],
      secrets,
    ),
    gauge(
      'circuit_state',
      'Endpoints that are told by this process, by the state of their circuit',
      ['state'],
      sources.circuits(),
    ),
    gauge(
      'leadfold_feed_listeners',
      'Streams and requests that wait at the end of the log',
      [],
      [[sources.listeners()]],
    ),
    ...processFamilies(sources.role),
  ]);
  return { families, runtime: thread?.runtime ?? [] };
};

/**
 * Tells what Prometheus asks for, and sends it by OTLP where somebody takes it, until closed. What it is told by is loaded when
 * it is asked or sends for the first time.
 */
export const openMetrics = async (telemetry: Telemetry, sources: Sources, sent: SentMetrics | undefined) => {
  const adding = addingUp();
  const opened: MetricsSdk[] = [];
  const sdk = once(async () => {
    const { openMetricsSdk, producing, sending } = await import('./metrics-sdk.ts');
    const producer = producing(() => gathered(telemetry, adding, sources));
    const lost = (error: Error | undefined) => telemetry.lost('metrics', error);
    const readers = sent ? [await sending(sent, producer, lost)] : [];
    const made = openMetricsSdk('main', [producer], readers);
    opened.push(made);
    return made;
  });
  if (sent) await sdk();
  return {
    text: async (): Promise<string> => (await sdk()).text(),
    close: async (): Promise<void> => {
      await Promise.all(opened.map((each) => each.close()));
    },
  };
};
export type Metrics = Awaited<ReturnType<typeof openMetrics>>;
