import { z } from 'zod';
import { newestEdition } from '../../domain/scoring/default-model.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Begins a project: a tenant, with everything of its own. */
export const createProject = command(project)({
  name: 'CreateProject',
  input: z.object({
    projectId: z.string().regex(/^[a-z0-9]{1,64}$/),
    name: z.string().trim().min(1).max(128),
    /** The person who begins it, and is its admin from the first moment on. */
    admin: z.string().optional(),
  }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, name, admin }, { now }) => {
    if (state.projectId) throw new Rejection('project-exists', `Project ${projectId} exists already`);
    const at = now.toISOString();
    const created = {
      type: 'ProjectCreated',
      data: { projectId, name, createdAt: at, defaultModel: newestEdition },
    } as const;
    if (admin === undefined) return [created];
    return [created, { type: 'MemberAdded', data: { personId: admin, role: 'admin', at } }];
  },
});
