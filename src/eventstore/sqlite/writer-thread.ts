import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { groupInText } from './group-text.ts';
import { groupsTo, openLogFile, stateBy, tryRoom } from './log.ts';
import { takeOver, truncateIn } from './truncating.ts';
import type { GroupAnswer, WriterAsk } from './writer-asks.ts';

/** The thread that writes a log's file: a group of appends for each message, answered when it is durable. */
const { path, timeout, maxPages } = z
  .object({ path: z.string(), timeout: z.number(), maxPages: z.number().optional() })
  .parse(workerData);
const db = openLogFile(path, timeout);
// Streams are written in no order: 16 MB keep the pages of their index at hand, and a log of 16 MB before the file takes it
// over writes a page once that many commits changed. Together a fifth more rows a second.
db.exec('PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000');
if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
const write = groupsTo(db);

const answer = (ask: WriterAsk): GroupAnswer => {
  try {
    if (ask === 'try') tryRoom(db);
    else if (ask === 'take over') return { positions: takeOver(db, timeout) ? [1] : [] };
    else if ('truncations' in ask) truncateIn(db, ask.truncations);
    else return { positions: write(groupInText(ask.text), ask.recordedAt) };
    return { positions: [] };
  } catch (error) {
    return { error: String(error), state: stateBy(error) };
  }
};

parentPort?.on('message', (message: WriterAsk | 'close') => {
  if (message !== 'close') return parentPort?.postMessage(answer(message));
  db.close();
  parentPort?.close();
});
