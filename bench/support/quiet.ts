import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Product } from './product.ts';

const stats = z.object({ subscriptions: z.array(z.object({ lag: z.number() })) });

/** Resolves when a product has done all that follows from its log, so that it does nothing while something else is measured. */
export const untilQuiet = async ({ ask, adminKey }: Product): Promise<void> => {
  const behind = async (): Promise<boolean> => {
    const { subscriptions } = stats.parse(await (await ask('GET', '/api/admin/queue-stats', adminKey)).json());
    return subscriptions.some(({ lag }) => lag > 0);
  };
  while (await behind()) await sleep(100);
};
