import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';

// Tells the main thread of every event of the log at the path it was given, until it is terminated.
const store = openSqliteEventStore(String(workerData), { clock: () => new Date(0) });
parentPort?.ref();
for await (const { events } of store.follow(0, new AbortController().signal))
  for (const { revision } of events) parentPort?.postMessage(revision);
