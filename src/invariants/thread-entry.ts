import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openEventReader } from '../eventstore/open.ts';
import { checkInvariants } from './check.ts';
import type { Answer } from './thread.ts';
import { threadData } from './thread.ts';
import { projections } from '../projections/index.ts';
import { serving } from '../readmodels/generations.ts';
import { openDocumentReader } from '../readmodels/open.ts';

/** A worker thread that checks the invariants once, of all leads or of a part, and answers with the report or with why there is none. */
const { eventStore, readModels: documents, checkedAt, ...asked } = threadData.parse(workerData);

const answer = async (): Promise<Answer> => {
  try {
    const store = await openEventReader(eventStore);
    const names = projections.map(({ name }) => name);
    const readModels = serving(await openDocumentReader(documents), names, { maxAge: 1_000 });
    try {
      const outside = { now: () => new Date(checkedAt), sleep: (milliseconds: number) => sleep(milliseconds) };
      return { report: await checkInvariants({ store, readModels }, asked, outside) };
    } finally {
      await readModels.close();
      await store.close();
    }
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { error: { name, message } };
  }
};

parentPort?.postMessage(await answer());
