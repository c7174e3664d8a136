import { unrepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import { lapseWorkItem } from '../commands/work/lapse-work-item.ts';
import { mindResponse } from '../commands/routing/mind-response.ts';
import { retryWaiting } from '../flows/route-lead.ts';
import type { ClaimDocument } from '../projections/claims.ts';
import { claims } from '../projections/claims.ts';
import type { DeadlineDocument } from '../projections/deadlines.ts';
import { deadlines } from '../projections/deadlines.ts';
import { allProjects } from '../projections/projects.ts';
import { waiting } from '../projections/waiting.ts';
import type { ReactorContext } from '../reactors/reactor.ts';
import { checkpointOf } from '../reactors/reactor.ts';
import { routeLeads } from '../reactors/route-leads.ts';
import type { Queries, Scalar } from '../readmodels/queries.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import type { Collection } from '../readmodels/collection.ts';

/** How often is looked for what is due, in ms, and every how many looks the leads that wait are tried again. */
const [lookEvery, tryEvery] = [1_000, 5];

/** How many things are done at a time. */
const width = 50;

type Context = Omit<ReactorContext, 'readModels'> & { readonly readModels: Queries & Pick<Checkpoints, 'checkpoint'> };

type Dependencies = {
  readonly context: Context;
  readonly newId: () => string;
  /** Waits so many ms or until the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Is told why something that was due could not be done; it is tried again. */
  readonly onError: (error: unknown) => void;
};

/** What happens as time passes. */
export type Ticking = {
  /** Resolves when what was due when it was called is done. */
  readonly quiet: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const due = async <D>(
  { readModels, clock }: Pick<Context, 'readModels' | 'clock'>,
  collection: Collection<D>,
  field: keyof D & string,
  each: (doc: D) => Promise<unknown>,
): Promise<void> => {
  const where = [{ field, op: 'lte', value: clock().toISOString() }] as const;
  const sort = [{ field, direction: 'asc' }] as const;
  let after: readonly Scalar[] | undefined;
  do {
    const page = { where, sort, limit: width, ...(after && { after }) };
    const { docs, next } = await readModels.find(allProjects, collection, page);
    await Promise.all(docs.map(each));
    after = next;
  } while (after);
};

/**
 * Looks time and again for what is due, and does it. What is due is in the read models and every command changes nothing when
 * it was done already, so nothing is lost while no process runs, and any number of them may look at once.
 */
export const startTicking = ({ context, newId, sleep, onError }: Dependencies): Ticking => {
  const { engine, readModels } = context;
  const stopping = new AbortController();
  const request = (): Request => ({ commandId: unrepeatable(newId()), correlationId: newId(), actor: 'tick' });
  const trying = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      if (!stopping.signal.aborted) await work();
    } catch (error) {
      if (!stopping.signal.aborted) onError(error);
    }
  };

  const mindReplies = async (): Promise<void> => {
    const followed = await readModels.checkpoint(checkpointOf(routeLeads));
    await due(context, deadlines, 'next', ({ projectId, leadId, decision, taken, looked }: DeadlineDocument) =>
      trying(async () => {
        if (looked > followed) return;
        await engine.handle(mindResponse, { projectId, leadId, decision, taken }, request());
      }),
    );
  };

  const endClaims = (): Promise<void> =>
    due(context, claims, 'until', ({ projectId, workId }: ClaimDocument) =>
      trying(() => engine.handle(lapseWorkItem, { projectId, workId }, request())),
    );

  /** Time may have brought somebody's shift, or another day for what one may have in a day. */
  const tryWaiting = async (): Promise<void> => {
    for (let projectId = ''; !stopping.signal.aborted;) {
      const { docs } = await readModels.find(allProjects, waiting, {
        where: [{ field: 'projectId', op: 'gt', value: projectId }],
        sort: [{ field: 'projectId', direction: 'asc' }],
        limit: 1,
      });
      const [first] = docs;
      if (!first) return;
      projectId = first.projectId;
      await trying(async () => {
        while (await retryWaiting(engine, first.projectId, request()));
      });
    }
  };

  const look = async (all: boolean): Promise<void> => {
    await trying(mindReplies);
    await trying(endClaims);
    if (all) await trying(tryWaiting);
  };

  const run = async (): Promise<void> => {
    for (let looks = 0; !stopping.signal.aborted; looks++) {
      await sleep(lookEvery, stopping.signal);
      await look(looks % tryEvery === 0);
    }
  };

  const running = run();
  return {
    quiet: async () => {
      await context.reached(await context.head());
      await look(true);
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
};
