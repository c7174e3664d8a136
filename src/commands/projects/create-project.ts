import { z } from 'zod';
import { newestEdition } from '../../domain/scoring/default-model.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Begins a project: a tenant, with everything of its own. */
export const createProject = command(project)({
  name: 'CreateProject',
  input: z.object({ projectId: z.string().regex(/^[a-z0-9]{1,64}$/), name: z.string().trim().min(1).max(128) }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, name }, { now }) => {
    if (state.projectId) throw new Rejection('project-exists', `Project ${projectId} exists already`);
    const data = { projectId, name, createdAt: now.toISOString(), defaultModel: newestEdition };
    return [{ type: 'ProjectCreated', data }];
  },
});
