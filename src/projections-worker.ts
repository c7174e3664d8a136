import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { eventShapes } from './domain/events.ts';
import { checked } from './eventstore/checked.ts';
import { openSqliteEventStore } from './eventstore/sqlite.ts';
import { runProjections } from './projections/running.ts';
import { askSchema } from './projections/thread.ts';
import { openSqliteReadModels } from './readmodels/sqlite.ts';

/** The worker thread that projects, on connections of its own, so that HTTP and projecting use a core each. */
const { events, documents } = z.object({ events: z.string(), documents: z.string() }).parse(workerData);

const clock = (): Date => new Date();
const store = checked(openSqliteEventStore(events, { clock }), eventShapes);
const readModels = openSqliteReadModels(documents);
const running = await runProjections({ store, readModels, now: clock });

const waiting = new Map<number, AbortController>();

const reach = async (id: number, position: number): Promise<void> => {
  const limit = new AbortController();
  waiting.set(id, limit);
  try {
    await running.reached(position, limit.signal);
    parentPort?.postMessage({ id });
  } catch (error) {
    parentPort?.postMessage({ id, error: String(error) });
  } finally {
    waiting.delete(id);
  }
};

const stop = async (): Promise<void> => {
  await running.stop();
  await readModels.close();
  await store.close();
  parentPort?.close();
};

parentPort?.on('message', (message: unknown) => {
  const ask = askSchema.parse(message);
  if (ask.kind === 'reach') void reach(ask.id, ask.position);
  else if (ask.kind === 'give-up') waiting.get(ask.id)?.abort();
  else if (ask.kind === 'stop') void stop();
  else void running.statuses().then((statuses) => parentPort?.postMessage({ id: ask.id, statuses }));
});
parentPort?.postMessage({ ready: true });
