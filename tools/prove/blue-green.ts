import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ask, bodyOf, Unexpected } from '../support/http.ts';
import type { Target } from '../support/target.ts';

const requested = z.object({ jobId: z.string() });
const job = z.object({ status: z.string(), done: z.number(), error: z.string().optional() });

/** How long a projection may take to be rebuilt, in ms. */
const patience = 1_800_000;

/** Rebuilds a projection beside the one that serves. Resolves with the seconds that took; undefined where that can't be asked for. */
export const rebuiltBeside = async ({ url, key }: Target, projection: string): Promise<number | undefined> => {
  const begun = performance.now();
  const answer = await ask(`${url}/api/admin/projections/${projection}/rebuild`, { key, method: 'POST' });
  if (answer.status === 404) return undefined;
  const { jobId } = bodyOf(answer, 202, requested);
  for (;;) {
    const found = await ask(`${url}/api/admin/jobs/${jobId}`, { key });
    // The read models may not know of it yet.
    const { status, error = '' } = found.status === 404 ? { status: 'requested' } : bodyOf(found, 200, job);
    if (status === 'completed') return (performance.now() - begun) / 1_000;
    if (['failed', 'cancelled'].includes(status))
      throw new Unexpected(`The rebuild of ${projection} is ${status}: ${error}`);
    if (performance.now() - begun > patience)
      throw new Unexpected(`The rebuild of ${projection} is ${status} after half an hour`);
    await sleep(100);
  }
};
