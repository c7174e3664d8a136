import { z } from 'zod';
import { mustBeFormer } from '../../domain/sources/secrets.ts';
import { mustHaveSource, sources } from '../../domain/sources/sources.ts';
import { command } from '../../engine/command.ts';

/** Makes a former secret of a source hold no longer. */
export const removeSourceSecret = command(sources)({
  name: 'RemoveSourceSecret',
  input: z.object({ projectId: z.string(), sourceId: z.string(), secretId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { sourceId, secretId }) => {
    mustBeFormer(mustHaveSource(state, sourceId).secrets, secretId);
    return [{ type: 'SourceSecretRemoved', data: { sourceId, secretId } }];
  },
});
