import { z } from 'zod';
import { keyEvents, keySecrets } from '../../domain/projects/keys.ts';
import { mustHaveKey, project } from '../../domain/projects/project.ts';
import { mustHaveSecretsLeft } from '../../domain/sources/secrets.ts';
import { command } from '../../engine/command.ts';
import { overlapHours } from '../sources/rotate-source-secret.ts';

const hour = 3_600_000;

/** Gives a key another value, of which only the hash is recorded. */
export const rotateKey = command(project)({
  name: 'RotateKey',
  input: keyEvents.KeyRotated.omit({ at: true, formerUntil: true }).extend({ projectId: z.string(), overlapHours }),
  id: ({ projectId }) => projectId,
  decide: (state, { keyId, secretId, hash, overlapHours: hours }, { now }) => {
    const secrets = keySecrets(mustHaveKey(state, keyId), state.createdAt);
    if (secrets.some((each) => each.secretId === secretId)) return [];
    const at = now.toISOString();
    mustHaveSecretsLeft(secrets, at);
    const formerUntil = new Date(now.getTime() + hours * hour).toISOString();
    return [{ type: 'KeyRotated', data: { keyId, secretId, hash, at, formerUntil } }];
  },
});
