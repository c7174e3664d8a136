import type { Scope } from '../projects/keys.ts';
import { scopes } from '../projects/keys.ts';
import type { Role } from './roles.ts';

/** What may be allowed, and what each permission is about. Every route asks for one of them, or is open to all. */
export const permissions = {
  'events:write': 'Send events',
  'leads:read': 'Read leads, work items, numbers and settings',
  'leads:write': 'Act on leads and work items',
  'config:write': 'Change models, routing, reps, teams, sources and endpoints, and deal with what was refused',
  simulate: 'Try models on what happened, without a trace',
  'audit:read': 'Read who did what',
  members: 'See, invite, change and remove members',
  keys: 'See, issue, rotate and take back keys',
  operations: 'Rebuild, retry, trace and watch what is made of the log',
  'projects:list': 'See which projects there are: all of them, or those that the caller belongs to',
  'projects:create': 'Begin projects',
  account: 'See and change what is of the caller alone, who is a person',
  service: 'What is about all projects',
} as const;
export type Permission = keyof typeof permissions;

/** What somebody may do. */
export type Permissions = ReadonlySet<Permission>;

const all = (...several: readonly Permission[]): Permissions => new Set(several);

/** Everything in a project. */
const everything = [
  'events:write',
  'leads:read',
  'leads:write',
  'config:write',
  'simulate',
  'audit:read',
  'members',
  'keys',
  'operations',
] as const satisfies readonly Permission[];

/** What a person may do in the project of which they are a member. */
export const permissionsOfRole: Readonly<Record<Role, Permissions>> = {
  admin: all(...everything),
  manager: all('leads:read', 'leads:write', 'config:write', 'simulate'),
  operator: all('leads:read', 'leads:write'),
  analyst: all('leads:read', 'simulate'),
  auditor: all('leads:read', 'audit:read'),
};

/** What a verified person may do, whatever they are a member of. */
export const permissionsOfPerson = all('account', 'projects:list', 'projects:create');

/** What the holder of the root key may do: everything, in each project and across them, but what only a person has. */
export const permissionsOfRoot = all(...everything, 'projects:list', 'projects:create', 'service');

/** What a scope allows the holder of a key to do in the key's project. */
export const permissionsOfScope: Readonly<Record<Scope, Permissions>> = {
  'events:write': all('events:write'),
  'leads:read': all('leads:read'),
  'leads:write': all('leads:write'),
  'config:write': all('config:write', 'simulate'),
  admin: all(...everything, 'projects:list'),
};

/** What somebody may do who was given several things. */
export const together = (...several: readonly Permissions[]): Permissions =>
  new Set(several.flatMap((each) => [...each]));

/** What the holder of a key may do. */
export const permissionsOfScopes = (given: readonly Scope[]): Permissions =>
  together(...given.map((scope) => permissionsOfScope[scope]));

/** The least scope that allows something; undefined for what no key of a project may do. */
export const scopeFor = (permission: Permission): Scope | undefined =>
  scopes.find((scope) => permissionsOfScope[scope].has(permission));
