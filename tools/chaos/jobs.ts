import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { must } from './case.ts';
import { bodyOf } from '../support/http.ts';
import type { Server } from './server.ts';

/** How long a job may take that was left by a dead worker, in ms: the lease of that worker has to end first. */
const patience = 90_000;

/** What a request that begins a job is answered with. */
export const jobRequested = z.object({ jobId: z.string() });

const job = z.object({ status: z.string(), done: z.int(), progress: z.number() });
type Job = z.infer<typeof job>;

/** How a job is; the read models may not know of it yet. */
export const jobOf = async (server: Server, jobId: string): Promise<Job> => {
  const answer = await server.root(`/api/admin/jobs/${jobId}`);
  return answer.status === 404 ? { status: 'unknown', done: 0, progress: 0 } : bodyOf(answer, 200, job);
};

/** Asks for a job until it is completed. */
export const untilCompleted = async (server: Server, jobId: string): Promise<Job> => {
  const end = performance.now() + patience;
  for (;;) {
    const found = await jobOf(server, jobId);
    if (found.status === 'completed') return found;
    const after = `${found.status} at ${found.done}`;
    must(!['failed', 'cancelled'].includes(found.status), `The job is ${after}`);
    must(performance.now() < end, `The job is ${after} after ${patience / 1_000} s`);
    await sleep(20);
  }
};
