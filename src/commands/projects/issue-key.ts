import { z } from 'zod';
import { project, projectEvents, projectLimits } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Gives out a key of a project. Only the hash of its value is recorded. */
export const issueKey = command(project)({
  name: 'IssueKey',
  input: projectEvents.KeyIssued.omit({ issuedAt: true }).extend({ projectId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, ...key }, { now }) => {
    if (!state.projectId) throw new Rejection('project-unknown', `There is no project ${projectId}`);
    if (state.keys.has(key.keyId)) return [];
    if (state.keys.size >= projectLimits.keys)
      throw new Rejection('keys-full', `A project has ${projectLimits.keys} keys at most; take one back first`);
    if (key.origins && key.scopes.some((scope) => scope !== 'events:write'))
      throw new Rejection(
        'invalid-request',
        'A key with origins is in web pages for all to read: it may only have the scope events:write',
      );
    return [{ type: 'KeyIssued', data: { ...key, issuedAt: now.toISOString() } }];
  },
});
