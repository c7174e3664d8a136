import { Map as PersistentMap } from 'immutable';
import { z } from 'zod';
import type { EventsOf } from '../event.ts';
import { isoTime } from '../lead/activity.ts';
import type { Role } from '../people/roles.ts';
import { roles } from '../people/roles.ts';
import { Rejection } from '../rejection.ts';

const day = 24 * 3_600_000;

export const memberLimits = {
  /** Members and open invitations of a project. */
  members: 1_000,
  /** Invitations of a project in a day (UTC): each is a mail to whoever it may be. */
  invitationsADay: 100,
  /** For how long an invitation is open, in ms. */
  invited: 7 * day,
} as const;

const personId = z.string();
const role = z.enum(roles);

/** The facts of a project about its members. Who they are is said elsewhere: here are ids only. Shapes are forever. */
export const memberEvents = {
  InvitationMade: z
    .strictObject({ personId, role, at: isoTime, until: isoTime })
    .describe('Somebody may become a member, until then, in the place of any invitation before.'),
  InvitationWithdrawn: z.strictObject({ personId }).describe('An invitation does not hold any more.'),
  MemberAdded: z
    .strictObject({ personId, role, at: isoTime })
    .describe('A person is a member of the project: they began it, or took an invitation.'),
  MemberRoleChanged: z.strictObject({ personId, role }).describe('A member may do other things than before.'),
  MemberRemoved: z.strictObject({ personId }).describe('A person is no member any more.'),
} as const;
type MemberEvent = EventsOf<typeof memberEvents>;

/** A member, since when. */
export type Member = { readonly personId: string; readonly role: Role; readonly at: string };

/** Who may become a member, and until when they have to say so. */
export type Invitation = Member & { readonly until: string };

/** The people of a project. */
export type Members = {
  readonly members: PersistentMap<string, Member>;
  /** Some of them may be over. */
  readonly invitations: PersistentMap<string, Invitation>;
  /** How many invitations were made on the last day on which there were any. */
  readonly invited: { readonly day: string; readonly count: number };
};

export const noMembers: Members = {
  members: PersistentMap(),
  invitations: PersistentMap(),
  invited: { day: '', count: 0 },
};

const dayOf = (at: string): string => at.slice(0, 10);

/** How many invitations there were on a day, with one more of a time. One that only changes its role is none. */
const withInvited = ({ invited, invitations }: Members, { personId: id, at }: Invitation): Members['invited'] => {
  if (invitations.get(id)?.at === at) return invited;
  return { day: dayOf(at), count: dayOf(at) === invited.day ? invited.count + 1 : 1 };
};

/** The people of a project after a fact about them. */
export const withMembers = <S extends Members>(state: S, event: MemberEvent): S => {
  const { members, invitations } = state;
  switch (event.type) {
    case 'InvitationMade': {
      const { personId: id, at } = event.data;
      const open = invitations.filter(({ until }) => until > at);
      return { ...state, invitations: open.set(id, event.data), invited: withInvited(state, event.data) };
    }
    case 'InvitationWithdrawn':
      return { ...state, invitations: invitations.remove(event.data.personId) };
    case 'MemberAdded': {
      const { personId: id } = event.data;
      return { ...state, members: members.set(id, event.data), invitations: invitations.remove(id) };
    }
    case 'MemberRoleChanged': {
      const { personId: id, role: changed } = event.data;
      const found = members.get(id);
      return found ? { ...state, members: members.set(id, { ...found, role: changed }) } : state;
    }
    case 'MemberRemoved':
      return { ...state, members: members.remove(event.data.personId) };
  }
};

/** The invitation of a person that is open at a time. */
export const openInvitation = ({ invitations }: Members, id: string, now: Date): Invitation | undefined => {
  const found = invitations.get(id);
  return found && found.until > now.toISOString() ? found : undefined;
};

/** All invitations that are open at a time. */
export const openInvitations = ({ invitations }: Members, now: Date): readonly Invitation[] => {
  const at = now.toISOString();
  return [...invitations.values()].filter(({ until }) => until > at);
};

/** Throws a `Rejection` when the project has invited as many lately as it may. */
export const mustMayInvite = ({ invited }: Members, now: Date): void => {
  const { invitationsADay } = memberLimits;
  if (invited.day !== dayOf(now.toISOString()) || invited.count < invitationsADay) return;
  throw new Rejection('invitations-full', `A project makes ${invitationsADay} invitations a day (UTC); go on tomorrow`);
};

/** Throws a `Rejection` when the project has as many members and invitations as it may. */
export const mustHaveRoom = (state: Members, now: Date): void => {
  if (state.members.size + openInvitations(state, now).length < memberLimits.members) return;
  const detail = `A project has ${memberLimits.members} members and open invitations at most`;
  throw new Rejection('members-full', `${detail}; remove somebody first`);
};

/** A member of a project. Throws a `Rejection` when the person is none. */
export const mustBeMember = ({ members }: Members, id: string): Member => {
  const found = members.get(id);
  if (found) return found;
  throw new Rejection('person-unknown', `The project has no member ${id.slice(0, 64)}, and has invited none`);
};

/** Throws a `Rejection` when nobody would see to the project without this member. */
export const mustLeaveAnAdmin = ({ members }: Members, leaving: Member): void => {
  if (leaving.role !== 'admin') return;
  if (members.some(({ personId: id, role: held }) => held === 'admin' && id !== leaving.personId)) return;
  throw new Rejection('last-admin', 'A project keeps an admin: make somebody else one first');
};
