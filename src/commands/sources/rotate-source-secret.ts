import { z } from 'zod';
import { mustHaveSecretsLeft } from '../../domain/sources/secrets.ts';
import { mustHaveSource, sources } from '../../domain/sources/sources.ts';
import { command } from '../../engine/command.ts';

const hour = 3_600_000;

/** For how long a secret is valid after another one took its place, in hours. */
export const overlapHours = z.number().int().min(0).max(720);

/** Gives a source another secret, which has to be in the vault already. */
export const rotateSourceSecret = command(sources)({
  name: 'RotateSourceSecret',
  input: z.object({ projectId: z.string(), sourceId: z.string(), secretId: z.string(), overlapHours }),
  id: ({ projectId }) => projectId,
  decide: (state, { sourceId, secretId, overlapHours: hours }, { now }) => {
    const { secrets } = mustHaveSource(state, sourceId);
    if (secrets.some((each) => each.secretId === secretId)) return [];
    const at = now.toISOString();
    mustHaveSecretsLeft(secrets, at);
    const formerUntil = new Date(now.getTime() + hours * hour).toISOString();
    return [{ type: 'SourceSecretRotated', data: { sourceId, secretId, at, formerUntil } }];
  },
});
