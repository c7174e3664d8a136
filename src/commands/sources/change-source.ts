import { z } from 'zod';
import { mustGoTogether, areSame, mustHaveSource, sourceSettings, sources } from '../../domain/sources/sources.ts';
import { withLowerNames } from '../../domain/sources/scheme.ts';
import { command } from '../../engine/command.ts';

/** What may change of a source: what is left out stays, and `null` takes away. */
export const sourceChanges = z.strictObject({
  name: sourceSettings.shape.name.optional(),
  mapping: sourceSettings.shape.mapping.nullable(),
  signature: sourceSettings.shape.signature.nullable(),
  enabled: z.boolean().optional(),
});

/** Says what a source is to be from now on. How it signs stays: a sender that signs otherwise is another source. */
export const changeSource = command(sources)({
  name: 'ChangeSource',
  input: sourceChanges.extend({ projectId: z.string(), sourceId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId: _, sourceId, ...changes }) => {
    const { createdAt: __, secrets: ___, ...before } = mustHaveSource(state, sourceId);
    const [mapping, signature] = [
      changes.mapping === undefined ? before.mapping : (changes.mapping ?? undefined),
      changes.signature === undefined ? before.signature : (changes.signature ?? undefined),
    ];
    const after = {
      sourceId,
      name: changes.name ?? before.name,
      scheme: before.scheme,
      ...(mapping !== undefined && { mapping }),
      ...(signature !== undefined && { signature: withLowerNames(signature) }),
      enabled: changes.enabled ?? before.enabled,
    };
    mustGoTogether(after);
    return areSame(after, before) ? [] : [{ type: 'SourceChanged', data: after }];
  },
});
