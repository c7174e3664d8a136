import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import type { SnapshotFormat } from '../event.ts';
import type { Key } from './keys.ts';
import { memberEvents } from './members.ts';
import type { ProjectState } from './project.ts';
import type { ScoringModel } from '../scoring/scoring-model.ts';
import { inForce } from '../scoring/published-model.ts';

/**
 * A project's state as JSON: keys, members and invitations are lists in the order in which they are gone through. Keys and model fitted their
 * schemas when they were recorded, perhaps of an older version with other bounds.
 */
const packedProject = z.object({
  projectId: z.string().optional(),
  name: z.string(),
  createdAt: z.string(),
  keys: z.array(z.custom<Key>((value) => typeof value === 'object' && value !== null && 'keyId' in value)),
  members: z.array(memberEvents.MemberAdded.readonly()),
  invitations: z.array(memberEvents.InvitationMade.readonly()),
  invited: z.object({ day: z.string(), count: z.number() }),
  scoring: z.object({
    version: z.number(),
    model: z.custom<ScoringModel>((value) => typeof value === 'object' && value !== null),
  }),
});

const pack = ({
  keys,
  members,
  invitations,
  scoring: { version, model },
  ...plain
}: ProjectState): z.input<typeof packedProject> => ({
  ...plain,
  keys: [...keys.values()],
  members: [...members.values()],
  invitations: [...invitations.values()],
  scoring: { version, model },
});

const unpack = (packed: unknown): ProjectState => {
  const { projectId, keys, members, invitations, scoring, ...plain } = packedProject.parse(packed);
  return {
    ...plain,
    projectId,
    keys: PersistentMap(keys.map((key) => [key.keyId, key])),
    members: PersistentMap(members.map((each) => [each.personId, each])),
    invitations: PersistentMap(invitations.map((each) => [each.personId, each])),
    scoring: inForce(scoring.version, scoring.model),
  };
};

/**
 * How snapshots of projects are made. A project stays in memory for as long as it is used, and its facts may be as large as a
 * scoring model, so it has one more often than others.
 */
export const projectSnapshot: SnapshotFormat<ProjectState> = { version: 2, every: 100, pack, unpack };
