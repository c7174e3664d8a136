import type { Request } from '../engine/handle.ts';
import type { Rebuilding, RebuiltLead } from './rebuild-lead.ts';
import { rebuildLead } from './rebuild-lead.ts';
import type { Requesting, RequestedRebuild } from './request-rebuild.ts';
import { requestRebuild } from './request-rebuild.ts';

/** Documents made again for those who ask for it and have no hand in writing them, as the API. */
export type Rebuilds = {
  /** Makes a lead's documents again, as `rebuildLead` does. `reached` waits for the read models. */
  readonly lead: (projectId: string, leadId: string, reached: Rebuilding['reached']) => Promise<RebuiltLead>;
  /** Asks for a projection or all to be built anew, as `requestRebuild` does. */
  readonly projection: (name: string, request: Request) => Promise<RequestedRebuild>;
};

/** Rebuilds over read models. */
export const rebuildsOf = (requesting: Requesting & Pick<Rebuilding, 'readModels' | 'head'>): Rebuilds => {
  const { engine, readModels, head } = requesting;
  const pages: Rebuilding['pages'] = (stream, after) => engine.states.pages(stream, after);
  return {
    lead: (projectId, leadId, reached) => rebuildLead({ pages, readModels, reached, head }, projectId, leadId),
    projection: (name, request) => requestRebuild(requesting, name, request),
  };
};
