import type { FastifyContextConfig } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What the route counts as, where its method and what it needs do not say: it takes long (`heavy`), it is never counted (`none`), or
     * events come in, and whose they are the route finds out by itself (`ingest`).
     */
    limit?: 'heavy' | 'ingest' | 'none';
  }
}

/** What requests are counted by once it is known who sends them; ingest by the events in them. */
export const routeClasses = ['ingest', 'reads', 'writes', 'heavy'] as const;
export type RouteClass = (typeof routeClasses)[number];

/** What a request to a route counts as, or `none` where it never counts. */
export const classOf = (method: string, { limit, permission }: FastifyContextConfig): RouteClass | 'none' => {
  if (limit !== undefined) return limit;
  if (permission === 'events:write') return 'ingest';
  return method === 'GET' || method === 'HEAD' ? 'reads' : 'writes';
};
