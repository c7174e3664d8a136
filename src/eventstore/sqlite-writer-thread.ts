import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { groupsTo, openLogFile } from './sqlite-log.ts';
import type { GroupAnswer, GroupAsk } from './sqlite-writer.ts';

/** The thread that writes a log's file: a group of appends for each message, answered when it is durable. */
const { path, timeout } = z.object({ path: z.string(), timeout: z.number() }).parse(workerData);
const db = openLogFile(path, timeout);
const write = groupsTo(db);

const answer = ({ group, recordedAt }: GroupAsk): GroupAnswer => {
  try {
    return { positions: write(group, recordedAt) };
  } catch (error) {
    return { error: String(error) };
  }
};

parentPort?.on('message', (message: GroupAsk | 'close') => {
  if (message !== 'close') return parentPort?.postMessage(answer(message));
  db.close();
  parentPort?.close();
});
