import { LRUCache } from 'lru-cache';
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Permission, Permissions } from '../../domain/people/permissions.ts';
import { permissionsOfRoot, permissionsOfScopes, scopeFor, together } from '../../domain/people/permissions.ts';
import type { Key } from '../../domain/projects/keys.ts';
import { validHashes } from '../../domain/projects/keys.ts';
import { hashOf, keyLength, parseKey } from './key.ts';
import { knownProjects } from './known-projects.ts';
import { Problem } from './problems.ts';
import { header } from './request.ts';
import type { ApiContext } from './context.ts';

/** Who asks: the holder of a key of a project, a source of webhooks, or the holder of the root key, who may or may not name a project. */
export type Caller = {
  readonly projectId: string | undefined;
  /** Who it is among the callers of a project: the id of a key, or `root`. */
  readonly name: string;
  /** Who it is as facts remember it: `key:<id>` or `root`. */
  readonly actor: string;
  readonly permissions: Permissions;
  /** What it was given, in the words in which it was given. */
  readonly holds: readonly string[];
};

/** Who has not been recognised yet. */
export const nobody: Caller = { projectId: undefined, name: '', actor: '', permissions: together(), holds: [] };

/** How the root key's holder is called. */
export const rootName = 'root';

const missing = ({ holds }: Caller, permission: Permission): Problem => {
  const scope = scopeFor(permission);
  if (scope === undefined)
    return new Problem('scope-missing', 'No key of a project may do this; it takes the root key');
  return new Problem('scope-missing', `The key needs the scope ${scope}; it has ${holds.join(', ') || 'none'}`);
};

/** Throws a `Problem` when a caller may not do something. */
export const mustAllow = (caller: Caller, permission: Permission): void => {
  if (!caller.permissions.has(permission)) throw missing(caller, permission);
};

/** Nobody grants or rotates more than they hold: throws a `Problem` when others may do what the caller may not. */
export const mustHoldAll = (caller: Caller, others: Permissions): void => {
  for (const each of others) mustAllow(caller, each);
};

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

/** Of how many credentials, each of `keyLength` characters at most, the hash is remembered. */
const hashesRemembered = 1_000;

/** Knows who holds a credential: the root key, or a key of a project. */
export const recognising = (api: ApiContext) => {
  const { exists, keyOf } = knownProjects(api);
  const root = hashOf(api.adminKey);
  const hashes = new LRUCache<string, Buffer>({ max: hashesRemembered });
  const hashedOnce = (credential: string): Buffer => {
    const known = hashes.get(credential);
    if (known) return known;
    const hash = hashOf(credential);
    if (credential.length <= keyLength) hashes.set(credential, hash);
    return hash;
  };

  // What is known of a key changes only with the key: asked again and again, it is made once.
  const callers = new WeakMap<Key, Caller>();
  const callerWith = (projectId: string, key: Key): Caller => {
    const known = callers.get(key);
    if (known) return known;
    const { keyId: name, scopes: holds } = key;
    const caller: Caller = { projectId, name, actor: `key:${name}`, permissions: permissionsOfScopes(holds), holds };
    callers.set(key, caller);
    return caller;
  };

  /** Who holds a text as the key of a project; undefined when it is none. */
  const holderOf = async (credential: string): Promise<Caller | undefined> => {
    const parts = parseKey(credential);
    if (!parts) return undefined;
    const hash = hashedOnce(credential);
    const fits = (key: Key): boolean =>
      validHashes(key, api.clock()).some((valid) => timingSafeEqual(hash, Buffer.from(valid, 'hex')));
    const key = await keyOf(parts.projectId, parts.keyId, fits);
    return key && callerWith(parts.projectId, key);
  };

  const asRoot = async (request: FastifyRequest): Promise<Caller> => {
    const projectId = namedProject(request);
    if (projectId !== undefined && !(await exists(projectId))) throw unknownProject(projectId);
    return { projectId, name: rootName, actor: rootName, permissions: permissionsOfRoot, holds: [] };
  };

  /** Who sent a request with this credential. Throws a `Problem` when nobody is known by it. */
  const recognise = async (credential: string, request: FastifyRequest): Promise<Caller> => {
    if (credential.length > keyLength)
      throw unauthorized(`A key has at most ${keyLength} characters; send another one`);
    if (timingSafeEqual(hashedOnce(credential), root)) return asRoot(request);
    const holder = await holderOf(credential);
    if (!holder) throw unauthorized('The key is not known, or it was revoked; send another one');
    const named = namedProject(request);
    // Another project is to this key as if it did not exist.
    if (named !== undefined && named !== holder.projectId) throw unknownProject(named);
    return holder;
  };
  return {
    recognise,
    isProject: exists,
    isKey: async (credential: string) => (await holderOf(credential)) !== undefined,
  };
};
