import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Product } from './product.ts';

const stats = z.object({ subscriptions: z.array(z.object({ lag: z.number() })) });

/** Resolves when a product has done all that follows from its log, so that it does nothing while something else is measured. */
export const untilQuiet = async ({ ask, adminKey }: Product): Promise<void> => {
  const behind = async (): Promise<boolean> => {
    const answer = await ask('GET', '/api/admin/queue-stats', adminKey);
    const said: unknown = await answer.json();
    // It is too busy to say how busy it is.
    if (answer.status === 503) return true;
    if (!answer.ok) throw new Error(`What is left to do was answered ${answer.status}: ${JSON.stringify(said)}`);
    return stats.parse(said).subscriptions.some(({ lag }) => lag > 0);
  };
  while (await behind()) await sleep(100);
};
