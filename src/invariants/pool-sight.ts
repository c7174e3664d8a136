import type { PoolEvent } from '../domain/pool.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { failedWork } from '../projections/failed-work.ts';
import { allProjects } from '../projections/projects.ts';
import type { Query } from '../readmodels/read-models.ts';
import type { LeadRouting } from './seen.ts';
import type { Stores } from './streams.ts';
import { nameOf } from './streams.ts';

/** How many facts, and how many documents, are read at a time: a decision names all who were looked at. */
const page = 200;

type Of = Omit<LeadRouting, 'work'>;

/** What a project's pool says of its leads, and what could not be done of what follows from facts. */
export type PoolSight = {
  readonly of: (leadId: string) => Of;
  /** The leads that have a place. */
  readonly placed: () => Iterable<string>;
};

// The store has checked the shapes: what is in a pool's stream are a pool's facts.
const isOfPool = (event: Recorded): event is Recorded<PoolEvent> => event.stream.startsWith('pool-');

/** A pool's places and who waits, without all that it needs to decide: as much as there are open leads. */
const placesOf = ({ store }: Stores, projectId: string) => {
  const places = new Map<string, NonNullable<Of['place']>>();
  const waiting = new Map<string, number>();
  const known = { revision: -1 };

  const take = ({ type, data, position }: Recorded<PoolEvent>): void => {
    const { leadId } = data;
    if (type === 'LeadHeld') {
      waiting.set(leadId, position);
      return;
    }
    waiting.delete(leadId);
    if (type === 'LeadFreed') places.delete(leadId);
    else places.set(leadId, { repId: data.repId, decision: data.decision, position });
  };

  return {
    ...{ places, waiting },
    /** Reads what is new. */
    catchUp: async (): Promise<void> => {
      for (;;) {
        const events = await store.read(`pool-${projectId}`, known.revision, page);
        events.filter(isOfPool).forEach(take);
        known.revision = events.at(-1)?.revision ?? known.revision;
        if (events.length < page) return;
      }
    },
  };
};

type PutAside = { readonly streams: ReadonlySet<string>; readonly positions: ReadonlySet<number> };

/** The facts of a project that a reactor gave up on, until somebody retries them: by stream, and by position. */
const putAside = async ({ readModels }: Stores, projectId: string): Promise<PutAside> => {
  const [streams, positions] = [new Set<string>(), new Set<number>()];
  const where = [{ field: 'projectId', op: 'eq', value: projectId }] as const;
  const sort = [{ field: 'lastFailedAt', direction: 'asc' }] as const;
  let after: Query<unknown>['after'];
  do {
    const found = await readModels.find(allProjects, failedWork, {
      ...{ where, sort, limit: page, ...(after && { after }) },
    });
    for (const { event } of found.docs) {
      if (!event) continue;
      streams.add(event.stream);
      positions.add(event.position);
    }
    after = found.next;
  } while (after);
  return { streams, positions };
};

/**
 * The pools of projects as they are when they are asked for. `routed` gives up to where everything that follows for routing
 * was done: it is asked before the pool is read, and the pool before leads are, so that what is missing is only what came since.
 */
export const poolSights = (stores: Stores, routed: () => Promise<number>) => {
  const pools = new Map<string, ReturnType<typeof placesOf>>();
  return {
    see: async (projectId: string): Promise<PoolSight> => {
      const pool = pools.get(projectId) ?? placesOf(stores, projectId);
      pools.set(projectId, pool);
      const until = await routed();
      const { streams, positions } = await putAside(stores, projectId);
      await pool.catchUp();
      return {
        of: (leadId) => {
          const [place, held] = [pool.places.get(leadId), pool.waiting.get(leadId)];
          const at = place?.position ?? held;
          const stuck = streams.has(`lead-${nameOf({ projectId, leadId })}`) || (at !== undefined && positions.has(at));
          return { routed: until, place, held, stuck };
        },
        placed: () => pool.places.keys(),
      };
    },
    /** A project that nobody looks at any more. */
    forget: (projectId: string): void => void pools.delete(projectId),
  };
};
export type PoolSights = ReturnType<typeof poolSights>;
