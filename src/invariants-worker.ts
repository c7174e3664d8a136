import { setTimeout as pause } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { openEventReader } from './eventstore/open.ts';
import { checkInvariants } from './invariants/check.ts';
import type { Answer } from './invariants/thread.ts';
import { threadData } from './invariants/thread.ts';
import { openDocumentReader } from './readmodels/open.ts';

/** The worker thread that checks the invariants once, and answers with the report or with why there is none. */
const { events, documents, checkpoints, told, projectId, checkedAt } = threadData.parse(workerData);

const answer = async (): Promise<Answer> => {
  try {
    const [store, readModels] = [await openEventReader(events), await openDocumentReader(documents)];
    try {
      const asked = { projectId, checkpoints, told, live: true };
      const outside = { now: () => new Date(checkedAt), pause: (milliseconds: number) => pause(milliseconds) };
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
