import { z } from 'zod';
import type { PoolEvent } from '../domain/routing/pool.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

const waitingDocument = z.object({ projectId: z.string(), leadId: z.string(), heldAt: z.string() });
export type WaitingDocument = Readonly<z.infer<typeof waitingDocument>>;

/** The leads that wait for somebody who fits them, of all projects. */
export const waiting: Projection<WaitingDocument, PoolEvent> = {
  name: 'waiting',
  streams: [streamsOf('pool')],
  document: waitingDocument,
  indexes: [['projectId', 'heldAt']],
  keys: ({ stream, data }) => [{ project: allProjects, id: `${projectOfStream(stream)}.${data.leadId}` }],
  evolve: (_, { type, stream, data }) =>
    type === 'LeadHeld' ? { projectId: projectOfStream(stream), leadId: data.leadId, heldAt: data.heldAt } : undefined,
};
