import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { groupsTo, openLogFile } from './sqlite-log.ts';
import type { GroupAnswer, GroupAsk } from './sqlite-writer.ts';

/** The thread that writes a log's file: a group of appends for each message, answered when it is durable. */
const { path, timeout } = z.object({ path: z.string(), timeout: z.number() }).parse(workerData);
const db = openLogFile(path, timeout);
// Streams are written in no order: 16 MB keep the pages of their index at hand, and a log of 16 MB before the file takes it
// over writes a page once that many commits changed. Together a fifth more rows a second.
db.exec('PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000');
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
