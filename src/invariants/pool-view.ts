import type { PoolEvent } from '../domain/routing/pool.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { allProjects } from '../projections/projects.ts';
import type { Query } from '../readmodels/queries.ts';
import { documents } from './documents.ts';
import type { LeadRouting } from './evidence.ts';
import type { Stores } from './streams.ts';
import { isStreamOf, streamOf } from '../domain/streams.ts';

/** How many facts, and how many documents, are read at a time: a decision names all who were looked at. */
const page = 200;

type Of = Omit<LeadRouting, 'work'>;

/** What a project's pool says of its leads, and what could not be done of what follows from facts. */
export type PoolView = {
  readonly of: (leadId: string, workIds: readonly string[]) => Of;
  /** The leads that have a place. */
  readonly placed: () => Iterable<string>;
};

// The store has checked the shapes: what is in a pool's stream are a pool's facts.
const isOfPool = (event: Recorded): event is Recorded<PoolEvent> => isStreamOf('pool', event.stream);

/** A pool's places and who waits, without all that it needs to decide: as much as there are open leads. */
const placesOf = ({ store }: Stores, projectId: string) => {
  const places = new Map<string, NonNullable<Of['place']>>();
  const waiting = new Set<string>();
  /** Where the last fact of a lead is, of those that not everybody has heard of. */
  const news = new Map<string, number>();
  const known = { revision: -1 };

  const take = ({ type, data, position }: Recorded<PoolEvent>): void => {
    const { leadId } = data;
    news.set(leadId, position);
    if (type === 'LeadHeld') {
      waiting.add(leadId);
      return;
    }
    waiting.delete(leadId);
    if (type === 'LeadFreed') places.delete(leadId);
    else places.set(leadId, { repId: data.repId, decision: data.decision });
  };

  return {
    places,
    waiting,
    news,
    /** Reads what is new. `heard` says whether everybody has heard of what is at a position. */
    catchUp: async (heard: (position: number) => boolean): Promise<void> => {
      for (;;) {
        const { events, more } = await store.read(streamOf('pool', projectId), known.revision, page);
        events.filter(isOfPool).forEach(take);
        for (const [leadId, position] of news) if (heard(position)) news.delete(leadId);
        known.revision = events.at(-1)?.revision ?? known.revision;
        if (!more) return;
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
    const found = await readModels.find(allProjects, documents.failed, {
      where,
      sort,
      limit: page,
      ...(after && { after }),
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
export const poolViews = (stores: Stores, routed: () => Promise<number>) => {
  const pools = new Map<string, ReturnType<typeof placesOf>>();
  return {
    viewOf: async (projectId: string): Promise<PoolView> => {
      const pool = pools.get(projectId) ?? placesOf(stores, projectId);
      pools.set(projectId, pool);
      const until = await routed();
      const { streams, positions } = await putAside(stores, projectId);
      await pool.catchUp((position) => position <= until && !positions.has(position));
      return {
        of: (leadId, workIds) => {
          const place = pool.places.get(leadId);
          const at = pool.news.get(leadId) ?? -1;
          const own = [
            streamOf('lead', `${projectId}.${leadId}`),
            ...workIds.map((id) => streamOf('work', `${projectId}.${id}`)),
          ];
          const deadLetter = positions.has(at) || own.some((stream) => streams.has(stream));
          return { routed: until, place, held: pool.waiting.has(leadId), at, deadLetter };
        },
        placed: () => pool.places.keys(),
      };
    },
    /** A project that nobody looks at any more. */
    forget: (projectId: string): void => void pools.delete(projectId),
  };
};
export type PoolViews = ReturnType<typeof poolViews>;
