import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';
import { isoTime } from '../lead/activity.ts';
import { Rejection } from '../rejection.ts';
import { mappingSchema } from './mapping.ts';
import { schemes, signatureSchema } from './scheme.ts';
import type { SecretEntry } from './secrets.ts';
import { withRotated } from './secrets.ts';

/** How many sources a project has at most, and the bytes of a body that describes one. */
export const sourceLimits = { sources: 100, bytes: 64 * 1024 } as const;

/** What a source is told to be. `signature` says where `hmac-sha256` finds it; without a mapping items are in our own format. */
export const sourceSettings = z.strictObject({
  name: z.string().trim().min(1).max(128),
  scheme: z.enum(schemes),
  mapping: mappingSchema.optional(),
  signature: signatureSchema.optional(),
  enabled: z.boolean(),
});
export type SourceSettings = Readonly<z.infer<typeof sourceSettings>>;

/** The facts of the sources of a project, `sources-<projectId>`. No secret is among them. Shapes are forever. */
export const sourceEvents = {
  SourceAdded: sourceSettings
    .extend({ sourceId: z.string(), secretId: z.string(), at: isoTime })
    .describe('A sender of webhooks may send; its first secret is in the vault.'),
  SourceChanged: sourceSettings
    .extend({ sourceId: z.string() })
    .describe('A source is to be otherwise; all that it is to be is said again.'),
  SourceRemoved: z.strictObject({ sourceId: z.string() }).describe('A source is gone for good.'),
  SourceSecretRotated: z
    .strictObject({ sourceId: z.string(), secretId: z.string(), at: isoTime, formerUntil: isoTime })
    .describe('A source has another secret; the former one is valid until then.'),
  SourceSecretRemoved: z
    .strictObject({ sourceId: z.string(), secretId: z.string() })
    .describe('A former secret of a source is not valid any more.'),
} as const;
export type SourceEvent = EventsOf<typeof sourceEvents>;

export type Source = SourceSettings & {
  readonly sourceId: string;
  readonly createdAt: string;
  /** From the oldest to the one in use. */
  readonly secrets: readonly SecretEntry[];
};

/** The sources of a project that are there. */
export type SourcesState = { readonly sources: PersistentMap<string, Source> };

const withSource = (state: SourcesState, sourceId: string, change: (source: Source) => Source): SourcesState => {
  const found = state.sources.get(sourceId);
  return found ? { sources: state.sources.set(sourceId, change(found)) } : state;
};

const evolve = (state: SourcesState, event: SourceEvent): SourcesState => {
  switch (event.type) {
    case 'SourceAdded': {
      const { secretId, at, ...settings } = event.data;
      const source = { ...settings, createdAt: at, secrets: [{ secretId, createdAt: at }] };
      return { sources: state.sources.set(source.sourceId, source) };
    }
    case 'SourceChanged':
      return withSource(state, event.data.sourceId, ({ createdAt, secrets }) => ({
        ...event.data,
        createdAt,
        secrets,
      }));
    case 'SourceRemoved':
      return { sources: state.sources.remove(event.data.sourceId) };
    case 'SourceSecretRotated': {
      const { sourceId, ...rotated } = event.data;
      return withSource(state, sourceId, (source) => ({ ...source, secrets: withRotated(source.secrets, rotated) }));
    }
    case 'SourceSecretRemoved': {
      const { sourceId, secretId } = event.data;
      return withSource(state, sourceId, (source) => ({
        ...source,
        secrets: source.secrets.filter((each) => each.secretId !== secretId),
      }));
    }
    default:
      return unchanged(state, event);
  }
};

export const sources: Aggregate<SourcesState, SourceEvent> = {
  name: 'sources',
  initial: { sources: PersistentMap() },
  evolve,
};

/** A source of a project. Throws a `Rejection` when there is none. */
export const mustHaveSource = ({ sources: all }: SourcesState, sourceId: string): Source => {
  const found = all.get(sourceId);
  if (found) return found;
  throw new Rejection('source-unknown', `There is no source ${sourceId.slice(0, 128)}`);
};

/** Throws a `Rejection` when what a source is to be does not go together. */
export const mustGoTogether = ({ scheme, signature }: SourceSettings): void => {
  const needed = scheme === 'hmac-sha256';
  if (needed === (signature !== undefined)) return;
  const detail = needed
    ? 'is needed for hmac-sha256: say which header has the signature'
    : `is for hmac-sha256 alone; ${scheme} has its own`;
  throw new Rejection('invalid-request', `The signature ${detail}`, [{ path: ['signature'], detail }]);
};

/** Settings as a text that all that say the same have, whatever the order of their members. */
const written = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );

/** Whether two sources are to be the same. */
export const areSame = (one: SourceSettings, other: SourceSettings): boolean => written(one) === written(other);

/** The id of a source begins with its project, so that who sends to it needs to say nothing else. */
export const sourceIdIn = (projectId: string, id: string): string => `${projectId}-${id}`;

/** The project that a source's id says it is of; undefined for what is no id of a source. */
export const projectOfSource = (sourceId: string): string | undefined =>
  /^([a-z0-9]{1,64})-[a-z0-9]{12}$/.exec(sourceId)?.[1];
