import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { damageIn } from './eventstore/damage.ts';
import { pageDamageIn } from './readmodels/sqlite-damage.ts';

/** A worker thread that looks through a file once, and answers with what is wrong in it, or that nothing is. */
const { kind, path } = z.object({ kind: z.enum(['event-store', 'read-models']), path: z.string() }).parse(workerData);

const damage = kind === 'event-store' ? damageIn(path) : pageDamageIn(path);
parentPort?.postMessage({ damage });
