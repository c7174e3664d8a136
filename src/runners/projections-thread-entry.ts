import { parentPort, workerData } from 'node:worker_threads';
import { runProjections } from './projections.ts';
import type { Ask } from './projections-thread.ts';
import { askSchema, failureOf, threadData } from './projections-thread.ts';
import { observedProjections } from '../telemetry/observed-batches.ts';
import { connectStores } from './stores.ts';
import { openTelemetry } from '../telemetry/telemetry.ts';

/** The worker thread that projects, on connections of its own, so that HTTP and projecting use a core each. */
const { eventStore, readModels: documents, lease, traces } = threadData.parse(workerData);

const now = (): Date => new Date();
const telemetry = await openTelemetry('projecting', traces);
const deleted = (): void => {
  // All projections have to begin again. Thrown in nobody's call, this ends the thread, and the next one makes the file anew.
  throw new Error('The read models were deleted');
};
// The main thread tells of the same stores when they are away.
const opened = await connectStores({ eventStore, readModels: documents }, { clock: now, telemetry, deleted });
const { store, readModels, recoveries } = opened;
const running = await runProjections({
  store,
  readModels,
  now,
  recoveries,
  observe: observedProjections(telemetry),
  onLostTail: (name, { message: error }) => parentPort?.postMessage({ lostTail: { name, error } }),
  ...(lease && { lease: { ...lease, readModels, now } }),
});

const waiting = new Map<number, AbortController>();

const reach = async ({ id, position, only }: Extract<Ask, { readonly kind: 'reach' }>): Promise<void> => {
  const limit = new AbortController();
  waiting.set(id, limit);
  try {
    await running.reached(position, limit.signal, only);
    parentPort?.postMessage({ id });
  } catch (error) {
    parentPort?.postMessage({ id, ...failureOf(error) });
  } finally {
    waiting.delete(id);
  }
};

const stop = async (): Promise<void> => {
  await running.stop();
  await opened.close();
  await telemetry.close();
  parentPort?.close();
};

const change = async (ask: Extract<Ask, { readonly projection: string }>): Promise<void> => {
  const { id, kind, projection, generation } = ask;
  try {
    const built = await running[kind](projection, generation);
    parentPort?.postMessage({ id, ...(built && { built }) });
  } catch (error) {
    parentPort?.postMessage({ id, ...failureOf(error) });
  }
};

parentPort?.on('message', (message: unknown) => {
  const ask = askSchema.parse(message);
  if (ask.kind === 'reach') void reach(ask);
  else if (ask.kind === 'give-up') waiting.get(ask.id)?.abort();
  else if (ask.kind === 'stop') void stop();
  else if ('projection' in ask) void change(ask);
  else if (ask.kind === 'measures')
    void telemetry.told().then((measures) => parentPort?.postMessage({ id: ask.id, measures }));
  else void running.statuses().then((statuses) => parentPort?.postMessage({ id: ask.id, statuses }));
});
parentPort?.postMessage({ ready: true });
