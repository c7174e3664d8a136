import type { Batch, Recorded } from '../eventstore/event-store.ts';
import type { Counter, Histogram } from './measures.ts';
import { secondsSince } from './instruments.ts';
import type { Observing } from './traced-store.ts';
import { inSpan } from './tracing.ts';

type Handling = (batch: Batch) => Promise<void>;
/** Puts what watches it around what handles the batches of a subscription. */
export type Observe = (name: string, handle: Handling) => Handling;

/** A span names so many of the spans that its facts were appended in, at most. */
const mostLinks = 100;

const linksOf = (events: readonly Recorded[]): readonly string[] =>
  [...new Set(events.flatMap(({ metadata: { traceparent } }) => traceparent ?? []))].slice(-mostLinks);

type Counting = { readonly durations: Histogram; readonly events: Counter; readonly failures: Counter };

const counting =
  ({ durations, events, failures }: Counting, name: string, handle: Handling): Handling =>
  async (batch) => {
    const began = performance.now();
    try {
      await handle(batch);
      events.add(batch.events.length, name);
    } catch (error) {
      failures.add(1, name);
      throw error;
    } finally {
      durations.observe(secondsSince(began), name);
    }
  };

/**
 * Watches projections. A batch is a span of its own that links to the traces of its facts: it has those of many requests, so
 * none of them is its parent.
 */
export const observedProjections = ({ instruments, tracing }: Observing): Observe => {
  const { projectionBatches, projectionEvents, projectionFailures } = instruments;
  const to = { durations: projectionBatches, events: projectionEvents, failures: projectionFailures };
  return (name, handle) => {
    const counted = counting(to, name, handle);
    return (batch) => {
      if (!tracing || batch.events.length === 0) return counted(batch);
      const attributes = { 'leadfold.events': batch.events.length, 'leadfold.position': batch.position };
      const how = { kind: 'consumer', root: true, links: linksOf(batch.events), attributes } as const;
      return inSpan(tracing, `project ${name}`, how, () => counted(batch));
    };
  };
};

/** Watches reactors. Their spans are those of `tracedReactor`, one for each fact. */
export const observedReactors = ({ instruments }: Observing): Observe => {
  const { reactorBatches, reactorEvents, reactorFailures } = instruments;
  const to = { durations: reactorBatches, events: reactorEvents, failures: reactorFailures };
  return (name, handle) => counting(to, name, handle);
};
