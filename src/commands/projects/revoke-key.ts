import { z } from 'zod';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Takes a key back: it opens nothing any more. */
export const revokeKey = command(project)({
  name: 'RevokeKey',
  input: z.object({ projectId: z.string(), keyId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId, keyId }) => {
    if (!state.keys.has(keyId)) throw new Rejection('key-unknown', `Project ${projectId} has no key ${keyId}`);
    return [{ type: 'KeyRevoked', data: { keyId } }];
  },
});
