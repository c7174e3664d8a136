import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { lookThrough } from './integrity.ts';

/** A worker thread that looks through a file once, and answers with what is wrong in it, or that nothing is. */
const file = z.object({ kind: z.enum(['event-store', 'read-models']), path: z.string() }).parse(workerData);

parentPort?.postMessage({ damage: lookThrough(file) });
