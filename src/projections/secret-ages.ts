import { z } from 'zod';
import type { EndpointEvent } from '../domain/deliveries/endpoints.ts';
import type { ProjectEvent } from '../domain/projects/project.ts';
import type { SourceEvent } from '../domain/sources/sources.ts';
import { projectOfStream, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Key } from '../readmodels/collection.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

export const secretKind = z.enum(['source', 'endpoint', 'key']);
export type SecretKind = z.infer<typeof secretKind>;

const secretAgeDocument = z.object({
  kind: secretKind,
  /** Since when the secret has been the one in use, ISO 8601. */
  since: z.string(),
});
type SecretAge = Readonly<z.infer<typeof secretAgeDocument>>;

type Fact = SourceEvent | EndpointEvent | ProjectEvent;

/** Whose secret a fact is about. */
const ownerOf = ({ data }: Recorded<Fact>): string | undefined => {
  if ('sourceId' in data) return data.sourceId;
  if ('endpointId' in data) return data.endpointId;
  return 'keyId' in data ? data.keyId : undefined;
};

const keysOf = (event: Recorded<Fact>): readonly Key[] => {
  const owner = ownerOf(event);
  return owner === undefined ? [] : [{ project: allProjects, id: `${projectOfStream(event.stream)}.${owner}` }];
};

/** Since when each secret of a source and an endpoint, and each key, has been in use; of all projects. */
export const secretAges: Projection<SecretAge, Fact> = {
  name: 'secret-ages',
  streams: [streamsOf('sources'), streamsOf('endpoints'), streamsOf('project')],
  types: [
    ...(['SourceAdded', 'SourceSecretRotated', 'SourceRemoved'] as const),
    ...(['EndpointAdded', 'EndpointSecretRotated', 'EndpointRemoved'] as const),
    ...(['KeyIssued', 'KeyRotated', 'KeyRevoked'] as const),
  ],
  document: secretAgeDocument,
  indexes: [['kind', 'since']],
  keys: keysOf,
  evolve: (doc, event) => {
    switch (event.type) {
      case 'SourceAdded':
      case 'SourceSecretRotated':
        return { kind: 'source', since: event.data.at };
      case 'EndpointAdded':
      case 'EndpointSecretRotated':
        return { kind: 'endpoint', since: event.data.at };
      case 'KeyIssued':
        return { kind: 'key', since: event.recordedAt.toISOString() };
      case 'KeyRotated':
        return { kind: 'key', since: event.data.at };
      case 'SourceRemoved':
      case 'EndpointRemoved':
      case 'KeyRevoked':
        return undefined;
      default:
        return doc;
    }
  },
};
