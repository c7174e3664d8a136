import { LRUCache } from 'lru-cache';
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Permission, Permissions } from '../../domain/people/permissions.ts';
import {
  permissionsOfPerson,
  permissionsOfRole,
  permissionsOfRoot,
  permissionsOfScopes,
  scopeFor,
  together,
} from '../../domain/people/permissions.ts';
import type { Role } from '../../domain/people/roles.ts';
import type { Key } from '../../domain/projects/keys.ts';
import { validHashes } from '../../domain/projects/keys.ts';
import type { Credential } from './credentials.ts';
import { isToken, unauthorized } from './credentials.ts';
import { hashOf, keyLength, parseKey } from './key.ts';
import { knownProjects } from './known-projects.ts';
import { namedProject, unknownProject } from './named-project.ts';
import { Problem } from './problems.ts';
import { header } from './request.ts';
import type { SignedIn } from './signed.ts';
import { mustBeOfConsole } from './signed.ts';
import type { ApiContext } from './context.ts';

/**
 * Who asks: the holder of a key of a project, a person, a source of webhooks, or the holder of the root key. A person and the root
 * key's holder may or may not name a project.
 */
export type Caller = {
  readonly projectId: string | undefined;
  /** Who it is among the callers of a project: the id of a key, `person:<id>`, or `root`. */
  readonly name: string;
  /** Who it is as facts remember it: `key:<id>`, `person:<id>`, or `root`. */
  readonly actor: string;
  readonly permissions: Permissions;
  /** What it was given, in the words in which it was given: scopes, or a role. */
  readonly holds: readonly string[];
  /** The origins of web pages from which alone it may be. */
  readonly origins?: readonly string[] | undefined;
  /** The session by which a person asks. */
  readonly signed?: SignedIn;
};

/** Who has not been recognised yet. */
export const nobody: Caller = { projectId: undefined, name: '', actor: '', permissions: together(), holds: [] };

/** How the root key's holder is called. */
export const rootName = 'root';

/** Says that a request is about a project and names none. */
export const projectMissing = (): Problem =>
  new Problem('project-missing', 'This is about a project, and none is named; send X-Project-Id with a project id');

const missing = ({ holds, signed, projectId }: Caller, permission: Permission): Problem => {
  const scope = scopeFor(permission);
  if (signed && permission === 'service')
    return new Problem('permission-missing', 'No person may do this; it takes the root key');
  if (signed && projectId === undefined) return projectMissing();
  if (signed) return new Problem('permission-missing', `This takes ${permission}; your role here is ${holds.join()}`);
  if (permission === 'account') return new Problem('scope-missing', 'No key may do this; sign in as a person');
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

/** Throws a `Problem` when a caller that is for some web pages comes from another, or from none. */
const mustComeFrom = ({ origins }: Caller, request: FastifyRequest): void => {
  const origin = header(request, 'origin');
  if (!origins || origins.includes(origin ?? '')) return;
  const why =
    origin === undefined
      ? 'The key is for web pages, and no Origin was sent; issue a key without origins for programs'
      : 'The key is for pages of other origins than the one in Origin; issue one for this';
  throw new Problem('origin-refused', why);
};

/** What a member may do, in the project and besides. */
const permissionsOfMember: Readonly<Record<Role, Permissions>> = {
  admin: together(permissionsOfPerson, permissionsOfRole.admin),
  manager: together(permissionsOfPerson, permissionsOfRole.manager),
  operator: together(permissionsOfPerson, permissionsOfRole.operator),
  analyst: together(permissionsOfPerson, permissionsOfRole.analyst),
  auditor: together(permissionsOfPerson, permissionsOfRole.auditor),
};

/** Of how many credentials, each of `keyLength` characters at most, the hash is remembered. */
const hashesRemembered = 1_000;

/** Knows who holds a credential: the root key, a key of a project, or a person's session. */
export const recognising = (api: ApiContext) => {
  const { exists, keyOf, memberOf, isAtHand } = knownProjects(api);
  const root = hashOf(api.adminKey);
  const hashes = new LRUCache<string, Buffer>({ max: hashesRemembered });
  const hashedOnce = (credential: string): Buffer => {
    const known = hashes.get(credential);
    if (known) return known;
    const hash = hashOf(credential);
    if (credential.length <= keyLength) hashes.set(credential, hash);
    return hash;
  };

  const isRoot = (credential: string): boolean => timingSafeEqual(hashedOnce(credential), root);

  // What is known of a key changes only with the key: asked again and again, it is made once.
  const callers = new WeakMap<Key, Caller>();
  const callerWith = (projectId: string, key: Key): Caller => {
    const known = callers.get(key);
    if (known) return known;
    const { keyId: name, scopes: holds, origins } = key;
    const permissions = permissionsOfScopes(holds);
    const caller: Caller = { projectId, name, actor: `key:${name}`, permissions, holds, origins };
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

  const asPerson = async (signed: SignedIn, request: FastifyRequest): Promise<Caller> => {
    const projectId = namedProject(request);
    const actor = `person:${signed.personId}`;
    const person = { projectId, name: actor, actor, signed };
    if (projectId === undefined) return { ...person, permissions: permissionsOfPerson, holds: [] };
    const member = await memberOf(projectId, signed.personId);
    // A project of which somebody is no member is to them as if it did not exist.
    if (!member) throw unknownProject(projectId);
    return { ...person, permissions: permissionsOfMember[member.role], holds: [member.role] };
  };

  const byKey = async (credential: string, request: FastifyRequest): Promise<Caller> => {
    if (credential.length > keyLength)
      throw unauthorized(`A key has at most ${keyLength} characters; send another one`);
    if (isRoot(credential)) return asRoot(request);
    const holder = await holderOf(credential);
    if (!holder) throw unauthorized('The key is not known, or it was revoked; send another one');
    const named = namedProject(request);
    // Another project is to this key as if it did not exist.
    if (named !== undefined && named !== holder.projectId) throw unknownProject(named);
    mustComeFrom(holder, request);
    return holder;
  };

  const bySession = async (text: string, request: FastifyRequest): Promise<Caller> => {
    const signed = await api.people.sessionOf(text);
    if (!signed) throw unauthorized('The session is over, or its token has expired; refresh it, or sign in again');
    return asPerson(signed, request);
  };

  const byCookie = async (text: string, request: FastifyRequest): Promise<Caller> => {
    mustBeOfConsole(request);
    const key = await api.people.keyOf(text);
    return key === undefined ? bySession(text, request) : byKey(key, request);
  };

  /** Who sent a request with this credential. Throws a `Problem` when nobody is known by it. */
  const recognise = ({ text, by }: Credential, request: FastifyRequest): Promise<Caller> => {
    if (by === 'cookie') return byCookie(text, request);
    // The root key may be any text, and is no token then.
    return isToken(text) && !isRoot(text) ? bySession(text, request) : byKey(text, request);
  };

  /** Whether it can be told without asking the log whose a credential is, and whether they belong to the project that is named. */
  const isCredentialAtHand = ({ text, by }: Credential, request: FastifyRequest): boolean => {
    if (by === 'cookie' || isToken(text)) {
      const named = namedProject(request);
      return (named === undefined || isAtHand(named)) && api.people.isAtHand(text);
    }
    const parts = text.length > keyLength ? undefined : parseKey(text);
    return !parts || isAtHand(parts.projectId);
  };
  return {
    recognise,
    isProject: exists,
    isAtHand: isCredentialAtHand,
    isKey: async (credential: string) => (await holderOf(credential)) !== undefined,
  };
};
