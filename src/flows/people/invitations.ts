import { acceptInvitation } from '../../commands/people/accept-invitation.ts';
import { claimAddress } from '../../commands/people/claim-address.ts';
import { describePerson } from '../../commands/people/describe-person.ts';
import { inviteAddress } from '../../commands/people/invite-address.ts';
import { addressIdOf } from '../../domain/people/address.ts';
import { Rejection } from '../../domain/rejection.ts';
import { addressOfToken, mailToken, mustBeGood, withMail } from './accounts.ts';
import type { Asking, PeopleContext } from './context.ts';
import { addressNow, newPersonId, once } from './context.ts';

/** Whom an invitation is to, and which mail it is: `invitationId` is undefined when the address has had as many mails as it may. */
export type Invited = {
  readonly personId: string;
  readonly invitationId: string | undefined;
  readonly until: string | undefined;
};

/** What an invitation was to. `again`: it was taken before, by the same token. */
export type AcceptedInvitation = {
  readonly personId: string;
  readonly projectId: string;
  readonly invitationId: string;
  /** Whether they can sign in by a password now. */
  readonly passwordSet: boolean;
  readonly again: boolean;
};

/** Whose an address is that was just asked for: by now it is somebody's. */
const ownerOf = async (context: PeopleContext, addressId: string, asking: Asking): Promise<string> => {
  const { personId } = await addressNow(context, addressId);
  if (personId === undefined) throw new Error(`Nobody has the address ${addressId}`);
  await context.engine.handle(describePerson, { personId, addressId }, once(context, asking));
  return personId;
};

/**
 * The person of an address, who is made where it is nobody's, and a mail to them with a token for a project. Of what they may do
 * there nothing is known here.
 */
const invite = async (
  context: PeopleContext,
  { email, projectId }: { readonly email: string; readonly projectId: string },
  asking: Asking,
): Promise<Invited> => {
  const { engine } = context;
  const addressId = addressIdOf(email);
  const { mailId, hash, keep } = mailToken(context, addressId);
  const input = { addressId, email, personId: newPersonId(context), mailId, hash, projectId };
  const { events } = await withMail(context, mailId, [keep], () =>
    engine.handle(inviteAddress, input, once(context, asking)),
  );
  const until = events.flatMap((event) => (event.type === 'MailRequested' ? [event.data.until] : []))[0];
  if (until === undefined) await context.credentials.remove('mail', mailId);
  const personId = await ownerOf(context, addressId, asking);
  return { personId, invitationId: until === undefined ? undefined : mailId, until };
};

/** The person of an address, who is made where it is nobody's. */
const personFor = async (context: PeopleContext, email: string, asking: Asking): Promise<string> => {
  const { engine } = context;
  const addressId = addressIdOf(email);
  const input = { addressId, email, personId: newPersonId(context) };
  await engine.handle(claimAddress, input, once(context, asking));
  return ownerOf(context, addressId, asking);
};

/** Whom the token of an invitation is of, and what to; it may have been taken. Throws a `Rejection` when it holds no more. */
const invitationBy = async (
  context: PeopleContext,
  token: string,
): Promise<{ readonly personId: string; readonly projectId: string }> => {
  const { hash, state } = await addressOfToken(context, token);
  const found = [...state.tokens, ...state.taken].find((each) => each.hash === hash && each.kind === 'invitation');
  const { personId } = state;
  if (personId !== undefined && found?.projectId !== undefined) return { personId, projectId: found.projectId };
  throw new Rejection('token-invalid', 'This is no invitation; ask for one');
};

/** What who takes an invitation says: a password is let in only where the person has none that is known to be theirs. */
export type Acceptance = {
  readonly token: string;
  readonly password?: string | undefined;
  readonly name?: string | undefined;
};

const accept = async (
  context: PeopleContext,
  { token, password, name }: Acceptance,
  asking: Asking,
): Promise<AcceptedInvitation> => {
  const { engine, passwords, credentials, newId } = context;
  if (password !== undefined) mustBeGood(context, password);
  const { addressId, hash } = await addressOfToken(context, token);
  const credentialId = password === undefined ? undefined : newId();
  if (password !== undefined && credentialId !== undefined)
    await credentials.keep('password', credentialId, await passwords.hash(password));
  const given = { ...(credentialId !== undefined && { credentialId }), ...(name !== undefined && { name }) };
  const { events } = await engine.handle(acceptInvitation, { addressId, hash, ...given }, once(context, asking));
  const after = await addressNow(context, addressId);
  if (credentialId !== undefined && after.credentialId !== credentialId)
    await credentials.remove('password', credentialId);
  const taken = after.taken.find((each) => each.hash === hash);
  const { personId } = after;
  if (personId === undefined || taken?.projectId === undefined)
    throw new Rejection('token-invalid', 'The invitation was taken, or is too old; ask for another one');
  const named = events.some(({ type }) => type === 'AddressVerified') ? name : undefined;
  const described = { personId, addressId, ...(named !== undefined && { name: named }) };
  await engine.handle(describePerson, described, once(context, asking));
  return {
    personId,
    projectId: taken.projectId,
    invitationId: taken.tokenId,
    passwordSet: after.credentialId !== undefined,
    again: events.length === 0,
  };
};

/** How people are invited, and come. */
export const invitationsOf = (context: PeopleContext) => ({
  personFor: (email: string, asking: Asking) => personFor(context, email, asking),
  invitationBy: (token: string) => invitationBy(context, token),
  invite: (to: { readonly email: string; readonly projectId: string }, asking: Asking) => invite(context, to, asking),
  acceptInvitation: (acceptance: Acceptance, asking: Asking) => accept(context, acceptance, asking),
});
