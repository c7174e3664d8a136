import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import type { Aggregate, EventsOf } from '../event.ts';
import { unchanged } from '../event.ts';
import { projectSnapshot } from './project-snapshot.ts';
import { Rejection } from '../rejection.ts';
import type { PublishedModel } from '../scoring/published-model.ts';
import { defaultModel, defaultModelOf } from '../scoring/default-model.ts';
import { modelSchema } from '../scoring/scoring-model.ts';
import type { Key } from './keys.ts';
import type { Members } from './members.ts';
import { memberEvents, noMembers, withMembers } from './members.ts';
import { keyEvents, withKeyRotated, withoutKeySecret } from './keys.ts';
import { inForce } from '../scoring/published-model.ts';

export type { Key, Scope } from './keys.ts';
export { scopes } from './keys.ts';

/** How much a project may have. What it had before there was a bound stays. */
export const projectLimits = {
  /** Keys that are not revoked. */
  keys: 1_000,
  /** Versions of its scoring model, its routing rules or its reply policy, each: they are kept for ever. */
  versions: 2_000,
  /** Bytes of a body that asks for a key. */
  bytes: 16_384,
} as const;

/** The facts of a project's stream, `project-<projectId>`. Shapes are forever. */
export const projectEvents = {
  ProjectCreated: z
    .strictObject({
      projectId: z.string(),
      name: z.string(),
      createdAt: isoTime,
      defaultModel: z.number().int().min(2).optional(),
    })
    .describe(
      'A tenant began. `defaultModel` is the edition of the scoring model that it began with; the first unless said.',
    ),
  ...keyEvents,
  ...memberEvents,
  ScoringModelPublished: z
    .strictObject({
      version: z.number().int().min(2),
      model: modelSchema,
      publishedAt: isoTime,
      note: z.string().optional(),
      restores: z.number().int().min(1).optional(),
    })
    .describe('A scoring model came into force, as a whole; `restores` names the version that it is again.'),
} as const;
export type ProjectEvent = EventsOf<typeof projectEvents>;

export type ProjectState = Members & {
  readonly projectId: string | undefined;
  readonly name: string;
  readonly createdAt: string;
  readonly keys: PersistentMap<string, Key>;
  readonly scoring: PublishedModel;
};

/** Throws a `Rejection` when as many versions of a setting were published as there may be. */
export const mustHaveVersionsLeft = (version: number, what: string): void => {
  const { versions } = projectLimits;
  if (version < versions) return;
  const detail = `A project publishes ${versions} versions of ${what} at most; what is in force stays`;
  throw new Rejection('versions-full', `${detail}. Publish less often, or go on in a new project`);
};

const initial: ProjectState = {
  projectId: undefined,
  name: '',
  createdAt: '',
  keys: PersistentMap(),
  scoring: inForce(1, defaultModel),
  members: noMembers.members,
  invitations: noMembers.invitations,
  invited: noMembers.invited,
};

const withKey = (state: ProjectState, keyId: string, change: (key: Key) => Key): ProjectState => {
  const found = state.keys.get(keyId);
  return found ? { ...state, keys: state.keys.set(keyId, change(found)) } : state;
};

const evolve = (state: ProjectState, event: ProjectEvent): ProjectState => {
  switch (event.type) {
    case 'ProjectCreated': {
      const { projectId, name, createdAt, defaultModel: edition } = event.data;
      const scoring = edition === undefined ? state.scoring : inForce(1, defaultModelOf(edition));
      return { ...state, projectId, name, createdAt, scoring };
    }
    case 'KeyIssued':
      return { ...state, keys: state.keys.set(event.data.keyId, event.data) };
    case 'KeyRotated':
      return withKey(state, event.data.keyId, (key) => withKeyRotated(key, event.data, state.createdAt));
    case 'KeySecretRemoved':
      return withKey(state, event.data.keyId, (key) => withoutKeySecret(key, event.data.secretId));
    case 'KeyRevoked':
      return { ...state, keys: state.keys.remove(event.data.keyId) };
    case 'InvitationMade':
    case 'InvitationWithdrawn':
    case 'MemberAdded':
    case 'MemberRoleChanged':
    case 'MemberRemoved':
      return withMembers(state, event);
    case 'ScoringModelPublished':
      return { ...state, scoring: inForce(event.data.version, event.data.model) };
    default:
      return unchanged(state, event);
  }
};

/** By what keys and rules were seen to take. */
const measure = ({ keys, members, invitations, scoring: { model } }: ProjectState): number => {
  const rules = model.engagement.length + model.fit.length;
  return (
    5_000 +
    keys.size * 600 +
    (members.size + invitations.size) * 400 +
    rules * 2_000 +
    Object.keys(model.groups).length * 200
  );
};

export const project: Aggregate<ProjectState, ProjectEvent> = {
  name: 'project',
  initial,
  evolve,
  measure,
  snapshot: projectSnapshot,
};

/** A key of a project. Throws a `Rejection` when there is none. */
export const mustHaveKey = ({ projectId, keys }: ProjectState, keyId: string): Key => {
  const found = keys.get(keyId);
  if (found) return found;
  throw new Rejection('key-unknown', `Project ${projectId ?? ''} has no key ${keyId.slice(0, 64)}`);
};
