import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import type { ProjectState, Scope } from '../domain/project.ts';
import { project } from '../domain/project.ts';
import { StoreUnavailable } from '../eventstore/event-store.ts';
import { hashOf, parseKey } from './key.ts';
import { Problem } from './problems.ts';
import { header } from './request.ts';
import type { World } from './world.ts';

/** Who asks: a key of a project, or the root key (no `keyId`), which may or may not name a project. */
export type Caller = {
  readonly projectId: string | undefined;
  readonly keyId: string | undefined;
  readonly scopes: readonly Scope[];
};

/** Who has not been recognised yet. */
export const nobody: Caller = { projectId: undefined, keyId: undefined, scopes: [] };

/** How long a process may go on without looking whether another one took a key back, in milliseconds. */
const freshFor = 2_000;

const unknownProject = (projectId: string): Problem =>
  new Problem('project-unknown', `There is no project ${projectId.slice(0, 64)}`);

/** Says that a key is needed. */
export const unauthorized = (detail: string): Problem =>
  new Problem('unauthorized', detail, { headers: { 'WWW-Authenticate': 'Bearer realm="leadfold"' } });

const ofBasic = (encoded: string): string => {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  return text.endsWith(':') ? text.slice(0, -1) : '';
};

/** The credential in the headers: Bearer, X-API-Key, or Basic with the key as user and no password. */
export const credentialOf = (request: FastifyRequest): string | undefined => {
  const [, scheme, value = ''] = /^(bearer|basic)\s+(\S+)\s*$/i.exec(header(request, 'authorization') ?? '') ?? [];
  if (scheme?.toLowerCase() === 'bearer') return value;
  if (scheme?.toLowerCase() === 'basic') return ofBasic(value);
  return header(request, 'x-api-key') ?? header(request, 'authorization');
};

/** The text under a key of something that came from outside. */
export const textAt = (value: unknown, key: string): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'string' ? found : undefined;
};

/** The project that a request is about, by the `:projectId` of its path and by a header. Throws a `Problem` when they differ. */
const namedProject = (request: FastifyRequest): string | undefined => {
  const inPath = textAt(request.params, 'projectId');
  const named = header(request, 'x-project-id');
  if (named !== undefined && !/^[a-z0-9]{1,64}$/.test(named)) {
    throw new Problem('invalid-header', 'X-Project-Id takes a project id: 1 to 64 of a-z and 0-9');
  }
  if (inPath === undefined || named === undefined || named === inPath) return inPath ?? named;
  const said = `X-Project-Id says ${named} and the path another; leave the header out where the path names the project`;
  throw new Problem('project-contradiction', said);
};

/** Knows who holds a credential. Throws a `Problem` when nobody does. */
export const recognising = ({ engine: { states }, clock, adminKey }: World) => {
  const root = hashOf(adminKey);
  const hashes = new LRUCache<string, Buffer>({ max: 1_000, memoMethod: hashOf });
  const looked = new LRUCache<string, number>({ max: 10_000 });

  const stateOf = async (projectId: string): Promise<ProjectState> => {
    const now = clock().getTime();
    const fresh = now - (looked.get(projectId) ?? 0) < freshFor;
    if (!fresh) looked.set(projectId, now);
    try {
      return (await (fresh ? states.get(project, projectId) : states.refresh(project, projectId))).state;
    } catch (error) {
      // Who is known already may go on reading while the event store is away.
      if (error instanceof StoreUnavailable) return (await states.get(project, projectId)).state;
      throw error;
    }
  };

  const keyOf = async (projectId: string, keyId: string) =>
    (await stateOf(projectId)).keys.get(keyId) ?? (await states.refresh(project, projectId)).state.keys.get(keyId);

  const exists = async (projectId: string): Promise<boolean> =>
    (await stateOf(projectId)).projectId !== undefined ||
    (await states.refresh(project, projectId)).state.projectId !== undefined;

  return async (credential: string, request: FastifyRequest): Promise<Caller> => {
    const hash = hashes.memo(credential);
    if (timingSafeEqual(hash, root)) {
      const projectId = namedProject(request);
      if (projectId !== undefined && !(await exists(projectId))) throw unknownProject(projectId);
      return { projectId, keyId: undefined, scopes: ['admin'] };
    }
    const parts = parseKey(credential);
    const key = parts && (await keyOf(parts.projectId, parts.keyId));
    if (!parts || !key || !timingSafeEqual(hash, Buffer.from(key.hash, 'hex'))) {
      throw unauthorized('The key is not known, or it was revoked; send another one');
    }
    const named = namedProject(request);
    // Another project is to this key as if it did not exist.
    if (named !== undefined && named !== parts.projectId) throw unknownProject(named);
    return { projectId: parts.projectId, keyId: parts.keyId, scopes: key.scopes };
  };
};
