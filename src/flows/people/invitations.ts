import { LRUCache } from 'lru-cache';
import { acceptInvitation } from '../../commands/people/accept-invitation.ts';
import { describePerson } from '../../commands/people/describe-person.ts';
import { inviteAddress } from '../../commands/people/invite-address.ts';
import { addressIdOf } from '../../domain/people/address.ts';
import { Rejection } from '../../domain/rejection.ts';
import { addressOfToken, mailToken, mustBeGood, withMail } from './accounts.ts';
import type { Asking, PeopleContext } from './context.ts';
import { addressNow, addressToBe, once } from './context.ts';
import { personIdOf } from './tokens.ts';

/** What an invitation was to. `again`: it was taken before, by the same token. */
export type AcceptedInvitation = {
  readonly personId: string;
  readonly projectId: string;
  readonly invitationId: string;
  readonly again: boolean;
  /** Whether they have a password by now. */
  readonly passwordSet: boolean;
};

/** Whose an address is, or would be: nothing is recorded of it, so that it takes as long. */
const personFor = async (context: PeopleContext, email: string): Promise<string> => {
  const addressId = addressIdOf(email);
  const [{ personId }, key] = [await addressToBe(context, addressId), await context.refreshKey()];
  return personId ?? personIdOf(key, addressId);
};

/** Whom is mailed that they are invited, to what, and what asks for it: of one command there is one mail. */
export type Inviting = { readonly email: string; readonly projectId: string; readonly commandId: string };

/** Of how many who were invited here it is remembered by which address. */
const remembered = 1_000;

/** The addresses of who was invited here lately, by the ids of the persons: they are told at once, whether they were known before or not. */
const addressesSaid = () => new LRUCache<string, string>({ maxSize: remembered, sizeCalculation: () => 1 });

/**
 * Has the owner of an address mailed a token for a project; the address is somebody's from then on. Whether it was before, and how many
 * mails they had, changes nothing of what is done before whoever invites is answered.
 */
const invite = async (
  context: PeopleContext,
  said: LRUCache<string, string>,
  { email, projectId, commandId }: Inviting,
  asking: Asking,
): Promise<void> => {
  const { engine } = context;
  const addressId = addressIdOf(email);
  const personId = await personFor(context, email);
  said.set(personId, email);
  const { mailId, hash, keep } = mailToken(context, addressId);
  const input = { addressId, email, personId, mailId, hash, projectId };
  await withMail(context, mailId, [keep], () => engine.handle(inviteAddress, input, { ...asking, commandId }));
  context.later.add(() => engine.handle(describePerson, { personId, addressId }, once(context, asking)));
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
    again: events.length === 0,
    passwordSet: after.credentialId !== undefined,
  };
};

/** How people are invited, and come. */
export const invitationsOf = (context: PeopleContext, said = addressesSaid()) => ({
  personFor: (email: string) => personFor(context, email),
  invitationBy: (token: string) => invitationBy(context, token),
  invite: (inviting: Inviting, asking: Asking) => invite(context, said, inviting, asking),
  /** The address by which a person was invited here lately. */
  invitedBy: (personId: string): string | undefined => said.get(personId),
  acceptInvitation: (acceptance: Acceptance, asking: Asking) => accept(context, acceptance, asking),
});
