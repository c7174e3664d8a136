import { Rejection } from '../../domain/rejection.ts';
import { mustGoTogether, sourceEvents, sourceLimits, sources } from '../../domain/sources/sources.ts';
import { withLowerNames } from '../../domain/sources/scheme.ts';
import { command } from '../../engine/command.ts';
import { z } from 'zod';

/** Lets a sender of webhooks send. Its secret has to be in the vault already. */
export const addSource = command(sources)({
  name: 'AddSource',
  input: sourceEvents.SourceAdded.omit({ at: true }).extend({ projectId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId: _, signature, ...settings }, { now }) => {
    if (state.sources.has(settings.sourceId)) return [];
    const source = { ...settings, ...(signature !== undefined && { signature: withLowerNames(signature) }) };
    mustGoTogether(source);
    if (state.sources.size >= sourceLimits.sources)
      throw new Rejection('sources-full', `A project has ${sourceLimits.sources} sources at most; remove one first`);
    return [{ type: 'SourceAdded', data: { ...source, at: now.toISOString() } }];
  },
});
