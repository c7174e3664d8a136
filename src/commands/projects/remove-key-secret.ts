import { keyEvents, keySecrets } from '../../domain/projects/keys.ts';
import { mustHaveKey, project } from '../../domain/projects/project.ts';
import { mustBeFormer } from '../../domain/sources/secrets.ts';
import { command } from '../../engine/command.ts';
import { z } from 'zod';

/** Makes a former value of a key open nothing any more. */
export const removeKeySecret = command(project)({
  name: 'RemoveKeySecret',
  input: keyEvents.KeySecretRemoved.extend({ projectId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { keyId, secretId }) => {
    mustBeFormer(keySecrets(mustHaveKey(state, keyId), state.createdAt), secretId);
    return [{ type: 'KeySecretRemoved', data: { keyId, secretId } }];
  },
});
