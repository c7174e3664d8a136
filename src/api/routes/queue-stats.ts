import { z } from 'zod';
import { jobStatuses } from '../../queries/jobs/jobs.ts';
import { queueStats as waiting } from '../../queries/jobs/queue-stats.ts';
import type { Routes } from '../http/app.ts';
import type { Caller } from '../http/caller.ts';
import { isRoot } from '../http/confidential.ts';
import type { ApiContext } from '../http/context.ts';
import { queryContext } from '../http/query-context.ts';

/** Who is told places and rates of the log, and why. */
const ofAll = 'told to the root key, as it is about all projects';

const reader = z.object({
  name: z.string(),
  state: z.enum(['starting', 'catching-up', 'live', 'stalled', 'lost-tail', 'standby']),
  position: z.number().optional().describe(`Where in the log it is; ${ofAll}`),
  lag: z.number().optional().describe(`Positions of the log between it and the end; ${ofAll}`),
  lagSeconds: z.number().describe('How long ago the oldest fact that it has not handled was recorded'),
  rate: z.number().optional().describe(`Facts handled a second lately; ${ofAll}`),
  error: z
    .string()
    .optional()
    .describe('Why it does not go on; told to the root key, as it may name what is of other projects'),
});

const tenth = (value: number): number => Math.round(value * 10) / 10;

type Which = (reader: Awaited<ReturnType<ApiContext['subscriptions']>>[number]) => boolean;

/** How the running readers of the log are. The oldest fact that is not handled is the first in hand, else a later one. */
const readersOf = async ({ subscriptions, head, clock }: ApiContext, caller: Caller, which: Which = () => true) => {
  const [found, end] = [await subscriptions(), await head()];
  return found.filter(which).map(({ name, state, position, inHand, cameAt, rate, since, error }) => {
    const lag = Math.max(0, end - position);
    const oldest = inHand ?? cameAt ?? since;
    const lagSeconds = lag === 0 ? 0 : Math.max(0, (clock().getTime() - oldest.getTime()) / 1_000);
    const own = { name, state, lagSeconds: tenth(lagSeconds) };
    return isRoot(caller) ? { ...own, position, lag, rate: tenth(rate), ...(error !== undefined && { error }) } : own;
  });
};

const access = { config: { permission: 'operations' } } as const;
const tags = ['Operators'];

/** How far everything is that follows the log, and what waits. */
export const queueStats: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/admin/projections',
    {
      ...access,
      schema: {
        summary: 'The projections that this process runs, and how far they are',
        tags,
        response: { 200: z.object({ data: z.array(reader) }) },
      },
    },
    async ({ caller }) => ({ data: await readersOf(api, caller, ({ projection = false }) => projection) }),
  );

  app.get(
    '/api/admin/queue-stats',
    {
      ...access,
      schema: {
        summary: 'What waits: readers of the log, jobs by state, failed work, and the oldest that is due',
        tags,
        response: {
          200: z.object({
            subscriptions: z.array(reader),
            jobs: z.record(z.enum(jobStatuses), z.int()),
            failed: z.int(),
            oldestDue: z.string().optional().describe('When the oldest job was requested that has not ended'),
          }),
        },
      },
    },
    async ({ caller }) => ({
      subscriptions: await readersOf(api, caller),
      ...(await waiting(context, caller.projectId)),
    }),
  );
};
