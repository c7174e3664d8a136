import { z } from 'zod';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { WorkItemEvent } from '../domain/work/work-item.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

const claimDocument = z.object({
  projectId: z.string(),
  workId: z.string(),
  /** When its time is over, ISO 8601. */
  until: z.string(),
});
export type ClaimDocument = Readonly<z.infer<typeof claimDocument>>;

/** The work items that somebody has, of all projects. */
export const claims: Projection<ClaimDocument, WorkItemEvent> = {
  name: 'claims',
  streams: [streamsOf('work')],
  document: claimDocument,
  indexes: [['until']],
  keys: ({ stream }) => {
    const parts = streamParts('work', stream);
    return parts ? [{ project: allProjects, id: `${parts.projectId}.${parts.id}` }] : [];
  },
  evolve: (_, event) => {
    const parts = streamParts('work', event.stream);
    if (event.type !== 'WorkItemClaimed' || !parts) return undefined;
    return { projectId: parts.projectId, workId: parts.id, until: event.data.until };
  },
};
