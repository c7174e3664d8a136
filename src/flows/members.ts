import { inviteMember } from '../commands/projects/invite-member.ts';
import { takeInvitation } from '../commands/projects/take-invitation.ts';
import type { Role } from '../domain/people/roles.ts';
import type { Invitation, Member } from '../domain/projects/members.ts';
import { openInvitation } from '../domain/projects/members.ts';
import { project } from '../domain/projects/project.ts';
import { Rejection } from '../domain/rejection.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from './engine.ts';
import type { Asking } from './people/context.ts';
import type { Acceptance } from './people/invitations.ts';
import type { People } from './people/people.ts';

type Context = {
  readonly engine: Pick<Engine, 'handle' | 'states' | 'clock'>;
  readonly people: Pick<People, 'personFor' | 'invite' | 'invitationBy' | 'acceptInvitation'>;
};

/** Whom a project invites, and to be what. */
export type Wanted = { readonly projectId: string; readonly email: string; readonly role: Role };

/** The invitation, or what became of it where the same is asked again, and the position of the fact. */
export type Invited = { readonly personId: string; readonly known: Invitation | Member; readonly position: number };

/**
 * Invites the owner of an address to a project. First the project says so, then the mail is asked for: if the process dies in
 * between, whoever asks again, by the same command or another, has it sent. The same command has it sent once, and
 * not at all once it was withheld. Throws a `Rejection`
 * when the project can't have them.
 */
export const invitePerson = async (
  { engine, people }: Context,
  { projectId, email, role }: Wanted,
  request: Request,
): Promise<Invited> => {
  const asking = askingOf(request);
  const personId = await people.personFor(email);
  const { events, position } = await engine.handle(inviteMember, { projectId, personId, role }, request);
  const { state } = await engine.states.get(project, projectId);
  // An invitation that was taken or withdrawn since is not mailed to somebody once more.
  const open = openInvitation(state, personId, engine.clock());
  if (open) await people.invite({ email, projectId, commandId: `${request.commandId}/mail` }, asking);
  const [made] = events.flatMap((event) => (event.type === 'InvitationMade' ? [event.data] : []));
  const known = open ?? state.members.get(personId) ?? made;
  if (!known) throw new Error(`Nothing is known of the invitation of ${personId} to ${projectId}`);
  return { personId, known, position };
};

const askingOf = ({ correlationId, actor, traceparent }: Request): Asking => ({
  correlationId,
  ...(actor !== undefined && { actor }),
  ...(traceparent !== undefined && { traceparent }),
});

/** Who has joined which project, whether they have a password by now, and the position of the fact. */
export type Joined = {
  readonly projectId: string;
  readonly member: Member;
  readonly passwordSet: boolean;
  readonly position: number;
};

/**
 * Takes an invitation by the token that was mailed. The project is asked first, so that a token of an invitation that was withdrawn
 * proves nothing; then the address counts as verified; then the person is a member. Each step may come again: if the process
 * dies in between, the same token finishes it.
 */
export const joinProject = async (
  { engine, people }: Context,
  acceptance: Acceptance,
  request: Request,
): Promise<Joined> => {
  const { personId, projectId } = await people.invitationBy(acceptance.token);
  const { state } = await engine.states.refresh(project, projectId);
  if (!state.members.has(personId) && !openInvitation(state, personId, engine.clock()))
    throw new Rejection('token-invalid', 'The invitation was taken back, or is too old; ask for another one');
  const asked = { ...request, actor: `person:${personId}` };
  const { passwordSet } = await people.acceptInvitation(acceptance, askingOf(asked));
  const { position } = await engine.handle(takeInvitation, { projectId, personId }, asked);
  const member = (await engine.states.get(project, projectId)).state.members.get(personId);
  if (!member) throw new Rejection('token-invalid', 'The member was removed again; ask for another invitation');
  return { projectId, member, passwordSet, position };
};
