import { z } from 'zod';
import type { ProjectEvent } from '../domain/projects/project.ts';
import type { Projection } from './projection.ts';
import { streamsOf } from '../domain/streams.ts';

const projectDocument = z.object({ projectId: z.string(), name: z.string(), createdAt: z.string() });
export type ProjectDocument = Readonly<z.infer<typeof projectDocument>>;

/** The list of projects belongs to no project; its documents are kept under this name, which no project can have. */
export const allProjects = '*';

/** Every project. */
export const projects: Projection<ProjectDocument, ProjectEvent> = {
  name: 'projects',
  streams: [streamsOf('project')],
  types: ['ProjectCreated'],
  document: projectDocument,
  indexes: [['createdAt']],
  keys: (event) => (event.type === 'ProjectCreated' ? [{ project: allProjects, id: event.data.projectId }] : []),
  evolve: (doc, event) => {
    if (event.type !== 'ProjectCreated') return doc;
    const { projectId, name, createdAt } = event.data;
    return { projectId, name, createdAt };
  },
};
