import { z } from 'zod';
import { roles } from '../domain/people/roles.ts';
import type { ProjectEvent } from '../domain/projects/project.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

const membershipDocument = z.object({
  projectId: z.string(),
  personId: z.string(),
  role: z.enum(roles),
  /** Since when, ISO 8601. */
  at: z.string(),
});
export type MembershipDocument = Readonly<z.infer<typeof membershipDocument>>;

/** Who is a member of what: of all projects, for who asks which are theirs. Who may do what is not asked of it. */
export const memberships: Projection<MembershipDocument, ProjectEvent> = {
  name: 'memberships',
  streams: [streamsOf('project')],
  types: ['MemberAdded', 'MemberRoleChanged', 'MemberRemoved'],
  document: membershipDocument,
  indexes: [['personId', 'at']],
  keys: ({ stream, data }) =>
    'personId' in data ? [{ project: allProjects, id: `${projectOfStream(stream)}.${data.personId}` }] : [],
  evolve: (doc, event) => {
    switch (event.type) {
      case 'MemberAdded':
        return { projectId: projectOfStream(event.stream), ...event.data };
      case 'MemberRoleChanged':
        return doc && { ...doc, role: event.data.role };
      case 'MemberRemoved':
        return undefined;
      default:
        return doc;
    }
  },
};
