import { changePassword } from '../../commands/people/change-password.ts';
import { describePerson } from '../../commands/people/describe-person.ts';
import { registerAddress } from '../../commands/people/register-address.ts';
import { requestMail } from '../../commands/people/request-mail.ts';
import { resetPassword } from '../../commands/people/reset-password.ts';
import { verifyAddress } from '../../commands/people/verify-address.ts';
import type { AddressEvent } from '../../domain/people/address-events.ts';
import type { AddressState } from '../../domain/people/address.ts';
import { addressIdOf, mayAsk, mayMail, tokenBy } from '../../domain/people/address.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Asking, PeopleContext } from './context.ts';
import { addressNow, addressToBe, once } from './context.ts';
import { hashOfText, idOfSecret, personIdOf, secretText } from './tokens.ts';

/** How many characters a password has. */
export const passwordLength = { least: 8, most: 256 } as const;

const badToken = (): Rejection =>
  new Rejection('token-invalid', 'The link was used, is too old, or is not whole; ask for another one');

/** Throws a `Rejection` for a password that is too short, too long, or among the first that anybody would try. */
export const mustBeGood = (
  { passwords }: Pick<PeopleContext, 'passwords'>,
  password: string,
  field = 'password',
): void => {
  const { least, most } = passwordLength;
  const length = [...password.slice(0, 2 * most + 2)].length;
  const fault =
    length < least || length > most
      ? `has ${least} to ${most} characters`
      : passwords.isCommon(password)
        ? 'is one of those that everybody tries first; choose another one'
        : undefined;
  if (fault === undefined) return;
  throw new Rejection('invalid-request', `The password ${fault}`, [{ path: [field], detail: `The password ${fault}` }]);
};

/** The address that a token leads to, and its stream's state, if there is one that knows the token. Throws a `Rejection` else. */
export const addressOfToken = async (
  context: PeopleContext,
  token: string,
): Promise<{ readonly addressId: string; readonly hash: string; readonly state: AddressState }> => {
  const addressId = idOfSecret(token);
  if (addressId === undefined) throw badToken();
  const [hash, state] = [hashOfText(token), await addressNow(context, addressId)];
  const now = context.engine.clock();
  if (!tokenBy([...state.tokens, ...state.taken], hash, now)) throw badToken();
  return { addressId, hash, state };
};

/** A token of an address, for a mail of that id; the vault has it until it is sent. */
export const mailToken = (context: PeopleContext, addressId: string) => {
  const mailId = context.newId();
  const token = secretText(addressId, context.randomBytes(32));
  return { mailId, hash: hashOfText(token), keep: () => context.credentials.keep('mail', mailId, token) };
};

/**
 * Keeps in the vault what goes with a mail, and has it asked for. What was kept for nothing is taken away when whoever asks was
 * answered, so that they can't tell; of a mail that is withheld whoever sends mails does that.
 */
export const withMail = async <T extends { readonly events: readonly AddressEvent[] }>(
  { credentials, later }: PeopleContext,
  mailId: string,
  keep: readonly (() => Promise<void>)[],
  ask: () => Promise<T>,
): Promise<T> => {
  await Promise.all(keep.map((each) => each()));
  const outcome = await ask();
  const isRecorded = outcome.events.some(
    ({ type, data }) => (type === 'MailRequested' || type === 'MailWithheld') && data.mailId === mailId,
  );
  if (!isRecorded)
    later.add(() => Promise.all([credentials.remove('mail', mailId), credentials.remove('password', mailId)]));
  return outcome;
};

export type Registration = { readonly email: string; readonly password: string; readonly name?: string | undefined };

/**
 * Has the owner of an address asked whether they want to be registered with a password. Whether the address is somebody's, and how many
 * mails they had, changes nothing of what is done here: one hash, one read, two secrets, one append.
 */
const register = async (
  context: PeopleContext,
  { email, password, name }: Registration,
  asking: Asking,
): Promise<void> => {
  const { passwords, credentials, engine, refreshKey } = context;
  mustBeGood(context, password);
  const kept = await passwords.hash(password);
  const addressId = addressIdOf(email);
  const key = await refreshKey();
  if (!mayAsk(await addressToBe(context, addressId), engine.clock())) return;
  const { mailId, hash, keep } = mailToken(context, addressId);
  const personId = personIdOf(key, addressId);
  const input = { addressId, email, personId, mailId, hash, ...(name !== undefined && { name }) };
  await withMail(context, mailId, [keep, () => credentials.keep('password', mailId, kept)], () =>
    engine.handle(registerAddress, input, once(context, asking)),
  );
};

/** Whether the person can sign in now, or has to choose a password first. */
export type Verified = { readonly personId: string; readonly passwordSet: boolean };

const verify = async (context: PeopleContext, token: string, asking: Asking): Promise<Verified> => {
  const { addressId, hash } = await addressOfToken(context, token);
  await context.engine.handle(verifyAddress, { addressId, hash }, once(context, asking));
  const { personId, credentialId, taken } = await addressNow(context, addressId);
  if (personId === undefined) throw badToken();
  const name = taken.find((each) => each.hash === hash)?.name;
  const described = { personId, addressId, ...(name !== undefined && { name }) };
  await context.engine.handle(describePerson, described, once(context, asking));
  return { personId, passwordSet: credentialId !== undefined };
};

/** Has a mail with a token sent to an address, if it is somebody's and has not had as many as it may. */
const mailTo = async (
  context: PeopleContext,
  kind: 'verification' | 'reset',
  email: string,
  asking: Asking,
): Promise<void> => {
  const addressId = addressIdOf(email);
  const state = await addressNow(context, addressId);
  const wanted = state.personId !== undefined && (kind === 'reset' || !state.verified);
  if (!wanted || !mayMail(state, context.engine.clock())) return;
  const { mailId, hash, keep } = mailToken(context, addressId);
  const input = { addressId, kind, mailId, hash };
  await withMail(context, mailId, [keep], () => context.engine.handle(requestMail, input, once(context, asking)));
};

/** Has such a mail sent after whoever asked was answered: before, nobody looks whether there is such an account. */
const askForMail =
  (context: PeopleContext, kind: 'verification' | 'reset') =>
  (email: string, asking: Asking): void =>
    context.later.add(() => mailTo(context, kind, email, asking));

/** Has another password be in force, or what was kept of it taken away when that fails. */
const withPassword = async (
  { credentials, passwords, newId }: PeopleContext,
  password: string,
  put: (credentialId: string) => Promise<unknown>,
): Promise<void> => {
  const credentialId = newId();
  await credentials.keep('password', credentialId, await passwords.hash(password));
  try {
    await put(credentialId);
  } catch (error) {
    // Whether it was recorded is only sure for what the domain said no to.
    if (error instanceof Rejection) await credentials.remove('password', credentialId);
    throw error;
  }
};

const forget = async ({ credentials }: PeopleContext, { credentialId }: AddressState): Promise<void> => {
  if (credentialId !== undefined) await credentials.remove('password', credentialId);
};

/** Tells whose password is another one now. */
const reset = async (context: PeopleContext, token: string, password: string, asking: Asking): Promise<string> => {
  mustBeGood(context, password);
  const { addressId, hash, state } = await addressOfToken(context, token);
  const mailId = context.newId();
  await withPassword(context, password, (credentialId) =>
    context.engine.handle(resetPassword, { addressId, hash, credentialId, mailId }, once(context, asking)),
  );
  await forget(context, state);
  const { personId } = state;
  if (personId !== undefined)
    await context.engine.handle(describePerson, { personId, addressId }, once(context, asking));
  return addressId;
};

/** What somebody who is signed in shows and wants. */
export type PasswordChange = {
  readonly addressId: string;
  readonly sessionId: string;
  readonly currentPassword: string;
  readonly newPassword: string;
};

/** Tells that it was done; not where the current password is not right. */
const change = async (context: PeopleContext, wanted: PasswordChange, asking: Asking): Promise<true | undefined> => {
  const { addressId, sessionId, currentPassword, newPassword } = wanted;
  const { passwords, credentials, engine, newId } = context;
  mustBeGood(context, newPassword, 'newPassword');
  const state = await addressNow(context, addressId);
  const proved = state.credentialId ?? '';
  if (!(await passwords.matches(await credentials.get('password', proved), currentPassword))) return undefined;
  await withPassword(context, newPassword, (credentialId) => {
    const input = { addressId, proved, credentialId, sessionId, mailId: newId() };
    return engine.handle(changePassword, input, once(context, asking));
  });
  await forget(context, state);
  return true;
};

/** How people get an account and keep it. */
export const accountsOf = (context: PeopleContext) => ({
  register: (registration: Registration, asking: Asking) => register(context, registration, asking),
  verify: (token: string, asking: Asking) => verify(context, token, asking),
  resendVerification: askForMail(context, 'verification'),
  forgotPassword: askForMail(context, 'reset'),
  resetPassword: (token: string, password: string, asking: Asking) => reset(context, token, password, asking),
  changePassword: (wanted: PasswordChange, asking: Asking) => change(context, wanted, asking),
});
