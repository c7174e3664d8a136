import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { doWorst } from './greed.ts';

const preySchema = z.object({ url: z.string(), projectId: z.string(), key: z.string(), share: z.number() });

/** Does its worst in each way that it is told by name; says what it was answered when it is done. */
const port = parentPort;
if (!port) throw new TypeError('This runs in a thread only');
const prey = preySchema.parse(workerData);
port.on('message', (name: unknown) => void doWorst(String(name), prey).then((statuses) => port.postMessage(statuses)));
