import { z } from 'zod';
import type { PoolEvent } from '../domain/pool.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

const waitingDocument = z.object({ projectId: z.string(), leadId: z.string(), heldAt: z.string() });
export type WaitingDocument = Readonly<z.infer<typeof waitingDocument>>;

const projectIn = (stream: string): string => stream.slice('pool-'.length);

/** The leads that wait for somebody who fits them, of all projects. */
export const waiting: Projection<WaitingDocument, PoolEvent> = {
  name: 'waiting',
  streams: ['pool-'],
  document: waitingDocument,
  indexes: [['projectId', 'heldAt']],
  keys: ({ stream, data }) => [{ project: allProjects, id: `${projectIn(stream)}.${data.leadId}` }],
  evolve: (_, { type, stream, data }) =>
    type === 'LeadHeld' ? { projectId: projectIn(stream), leadId: data.leadId, heldAt: data.heldAt } : undefined,
};
