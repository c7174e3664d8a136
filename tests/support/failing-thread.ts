import { parentPort } from 'node:worker_threads';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import type { Ask } from '../../src/runners/projections-thread.ts';
import { failureOf } from '../../src/runners/projections-thread.ts';

/** What goes wrong, by the position that somebody waits for. */
const failures = [
  new StoreUnavailable('The log is away'),
  new ReadModelsUnavailable('It was stopped'),
  new Error('A bug'),
];

/** A thread in which nothing is projected: all that is asked of it fails. */
parentPort?.on('message', (ask: Ask) => {
  if (ask.kind === 'stop') parentPort?.close();
  else if (ask.kind === 'reach') parentPort?.postMessage({ id: ask.id, ...failureOf(failures[ask.position]) });
});
parentPort?.postMessage({ ready: true });
