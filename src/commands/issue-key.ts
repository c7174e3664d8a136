import { z } from 'zod';
import { project, projectEvents } from '../domain/project.ts';
import { Rejection } from '../domain/rejection.ts';
import { command } from './command.ts';

/** Gives out a key of a project. Only the hash of its value is recorded. */
export const issueKey = command(project)({
  name: 'IssueKey',
  input: projectEvents.KeyIssued.extend({ projectId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, ...key }) => {
    if (!state.projectId) throw new Rejection('project-unknown', `There is no project ${projectId}`);
    return state.keys.has(key.keyId) ? [] : [{ type: 'KeyIssued', data: key }];
  },
});
