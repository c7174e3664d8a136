import { z } from 'zod';
import { mustHaveSource, sources } from '../../domain/sources/sources.ts';
import { command } from '../../engine/command.ts';

/** Takes a source away for good: what is sent to it is for nobody. */
export const removeSource = command(sources)({
  name: 'RemoveSource',
  input: z.object({ projectId: z.string(), sourceId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { sourceId }) => {
    mustHaveSource(state, sourceId);
    return [{ type: 'SourceRemoved', data: { sourceId } }];
  },
});
