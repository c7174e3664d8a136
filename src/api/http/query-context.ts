import type { QueryContext } from '../../queries/queries.ts';
import type { ApiContext } from './context.ts';
import { untilReached } from './waiting.ts';

/** What the queries of a route work with. They wait for the read models as long as a read does, and then throw a `Problem`. */
export const queryContext = (api: ApiContext): QueryContext => ({
  readModels: api.readModels,
  states: api.engine.states,
  clock: api.clock,
  caughtUp: async (projectId) => untilReached(api, await api.head(), { projectId }),
});
