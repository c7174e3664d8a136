import type { SubscriptionStatus } from '../runners/subscription.ts';
import { z } from 'zod';
import { exposition } from './exposition.ts';
import { familiesOf, openInstruments } from './instruments.ts';
import type { Heads } from './lag.ts';
import { lagFamilies, rememberHeads, watchHeads } from './lag.ts';
import type { Family } from './measures.ts';
import { gauge, together } from './measures.ts';
import { openTracing } from './open-tracing.ts';
import { processFamilies, watchEventLoop } from './process-measures.ts';
import type { Observing } from './traced-store.ts';
import type { Traces } from './tracing.ts';

type Counts = readonly (readonly [count: number, label: string])[];
/** Work that waits: jobs by status, what failed and waits for somebody, and open work items, by kind. */
export type Waiting = { readonly jobs: Counts; readonly failed: Counts; readonly items: Counts };

/** What is looked at when somebody asks how the process is. What can't be told now is left out. */
export type Sources = {
  readonly role: string;
  readonly head: () => Promise<number>;
  readonly clock: () => Date;
  readonly waiting: () => Promise<Waiting>;
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

/** What a thread tells to another: what it counted, and since when, in ms since 1970. */
const told = z.object({ since: z.number(), families: z.array(family) });
export type Told = { readonly since: number; readonly families: readonly Family[] };

/** Adds up what threads told that ran one after the other, so that no count falls when one dies and is started again. */
const addingUp = () => {
  let before: readonly Family[] = [];
  let last: Told = { since: 0, families: [] };
  return (now: unknown): readonly Family[] => {
    const next = told.parse(now);
    const ended = next.since === last.since ? [] : last.families.filter(({ type }) => type !== 'gauge');
    before = together([...before, ...ended]);
    last = next;
    return [...before, ...next.families];
  };
};

/** What one thread tells: what it counts, its spans, its event loop. */
export type Telemetry = Observing & {
  readonly families: () => readonly Family[];
  /** The same for another thread. */
  readonly told: () => Told;
  /** Names who is told, once, when nobody takes the spans. */
  readonly onLostSpans: (listener: (error: Error | undefined) => void) => void;
  /** Ends it, after the last spans were sent. */
  readonly close: () => Promise<void>;
};

/** Begins to count, and to make spans where the environment says who takes them. */
export const openTelemetry = async (thread: string, traces: Traces | undefined): Promise<Telemetry> => {
  const instruments = openInstruments();
  const eventLoop = watchEventLoop(thread);
  // Not the time origin: all threads of a process have the same.
  const since = Date.now();
  let tellLost: ((error: Error | undefined) => void) | undefined;
  const tracing =
    traces &&
    (await openTracing(traces, (spans, error) => {
      instruments.lostSpans.add(spans);
      tellLost?.(error);
      tellLost = undefined;
    }));
  const families = () => [...familiesOf(instruments), ...eventLoop.families()];
  return {
    instruments,
    tracing,
    families,
    told: () => ({ since, families: families() }),
    onLostSpans: (listener) => {
      tellLost = listener;
    },
    close: async () => {
      eventLoop.stop();
      await tracing?.close();
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

const gathered = async (
  telemetry: Telemetry,
  [heads, adding]: readonly [Heads, Adding],
  sources: Sources,
): Promise<readonly Family[]> => {
  const [head, projections = [], thread, waiting] = await Promise.all([
    orNothing(sources.head),
    orNothing(sources.projections),
    orNothing(sources.thread),
    // Whoever runs jobs tells of them; of an api there are many.
    sources.role === 'api' ? undefined : orNothing(sources.waiting),
  ]);
  const end = head === undefined ? undefined : { head, heads, now: sources.clock() };
  if (head !== undefined) heads.note(head);
  return together([
    ...telemetry.families(),
    ...(thread === undefined ? [] : adding(thread)),
    ...lagFamilies('projection', projections, end),
    ...lagFamilies('reactor', sources.reactors(), end),
    gauge('leadfold_jobs', 'Jobs that wait, run or failed', ['status'], waiting?.jobs ?? []),
    gauge('leadfold_failed_work', 'What failed and waits to be retried or discarded', ['kind'], waiting?.failed ?? []),
    gauge('leadfold_open_work_items', 'What people must look at, claimed or not', ['kind'], waiting?.items ?? []),
    ...processFamilies(sources.role),
  ]);
};

/** Tells what Prometheus asks for, until closed. */
export const openMetrics = (telemetry: Telemetry, sources: Sources) => {
  const heads = rememberHeads();
  const adding = addingUp();
  const watching = sources.role === 'api' ? undefined : watchHeads(heads, sources.head);
  return {
    text: async (): Promise<string> => exposition(await gathered(telemetry, [heads, adding], sources)),
    close: () => watching?.stop(),
  };
};
export type Metrics = ReturnType<typeof openMetrics>;
