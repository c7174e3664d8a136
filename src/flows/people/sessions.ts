import { endSession } from '../../commands/people/end-session.ts';
import { endSessions } from '../../commands/people/end-sessions.ts';
import { refreshSession } from '../../commands/people/refresh-session.ts';
import { startSession } from '../../commands/people/start-session.ts';
import type { AddressState } from '../../domain/people/address.ts';
import { addressIdOf } from '../../domain/people/address.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Asking, PeopleContext } from './context.ts';
import { addressNow, once } from './context.ts';
import type { KnownSessions } from './known-sessions.ts';
import { cookieStart } from './known-sessions.ts';
import { hashOfText, refreshOf, refreshToken, secretText } from './tokens.ts';

/** What a person shows to sign in. */
export type SignIn = { readonly email: string; readonly password: string };

/** What shows that somebody is signed in: for some minutes, and once to go on. */
export type TokenPair = { readonly accessToken: string; readonly refreshToken: string };

/** Whom a password is of. Undefined when it is nobody's, or not theirs; `verified` only then says anything. */
export type Proved = { readonly addressId: string; readonly state: AddressState } | undefined;

/** Under which name the vault has a password that nobody has: it is looked at in the place of one that is not there. */
const nobodys = 'nobody';

/** Sees to it that the vault has that one, once in a process. */
const nobodyIn = ({ credentials, passwords, randomBytes }: PeopleContext) => {
  let made: Promise<void> | undefined;
  const make = async (): Promise<void> => {
    if ((await credentials.get('password', nobodys)) !== undefined) return;
    const hash = await passwords.hash(randomBytes(32).toString('base64url'));
    // Where another process was first, that one is as good.
    await credentials.keep('password', nobodys, hash).catch(() => undefined);
  };
  return (): Promise<void> =>
    (made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    }));
};

/**
 * Whose password it is. Whether there is such an account changes nothing of what is done: one read, one look into the vault, one
 * hash.
 */
const prove = async (
  context: PeopleContext,
  { email, password }: SignIn,
  ready: () => Promise<void>,
): Promise<Proved> => {
  const { passwords, credentials, engine } = context;
  // By whoever comes first, or it would be part of the answer to the first account that is not there.
  await ready();
  const addressId = addressIdOf(email);
  const state = await addressNow(context, addressId);
  const now = engine.clock().toISOString();
  // Of who is not verified, the password of the last registration: it lets in nowhere, but says so.
  const waiting = state.tokens.findLast(({ withPassword, until }) => withPassword === true && until > now);
  const credentialId = state.verified ? state.credentialId : waiting?.tokenId;
  const kept = await credentials.get('password', credentialId ?? nobodys);
  const right = await passwords.matches(kept, password);
  return right && credentialId !== undefined ? { addressId, state } : undefined;
};

const overdue = (): Rejection =>
  new Rejection('session-revoked', 'The session is over, or its token was used before; sign in again');

const pairOf = async (
  { accessTokens, refreshKey }: PeopleContext,
  {
    personId,
    sessionId,
    generation,
  }: { readonly personId: string; readonly sessionId: string; readonly generation: number },
): Promise<TokenPair> => ({
  accessToken: await accessTokens.issue({ personId, sessionId }),
  refreshToken: refreshToken(await refreshKey(), { sessionId, generation }),
});

/** A person with a verified address, who has shown their password. */
export type Verified = { readonly personId: string; readonly addressId: string; readonly epoch: number };

const start = async (context: PeopleContext, person: Verified, asking: Asking): Promise<TokenPair> => {
  const sessionId = context.newId();
  const { personId } = person;
  await context.engine.handle(startSession, { sessionId, kind: 'tokens', ...person }, once(context, asking));
  return pairOf(context, { personId, sessionId, generation: 0 });
};

/** Gives the cookie of a new session of the console: of a person, or of a key, which the vault keeps with it. */
const startConsole = async (
  context: PeopleContext,
  by: { readonly person: Verified } | { readonly key: string },
  asking: Asking,
): Promise<string> => {
  const sessionId = context.newId();
  const cookie = cookieStart + secretText(sessionId, context.randomBytes(32));
  const hash = hashOfText(cookie);
  if ('key' in by) await context.credentials.keep('session-key', sessionId, by.key);
  const of = 'key' in by ? ({ kind: 'key' } as const) : { kind: 'console' as const, ...by.person };
  await context.engine.handle(startSession, { sessionId, hash, ...of }, once(context, asking));
  return cookie;
};

const refresh = async (
  context: PeopleContext,
  known: KnownSessions,
  token: string,
  asking: Asking,
): Promise<TokenPair> => {
  const asked = refreshOf(await context.refreshKey(), token);
  if (!asked) throw overdue();
  const { sessionId } = asked;
  // By what the store says now: of a session that others have just ended, nothing goes on.
  known.forget(sessionId);
  const live = await known.liveOf(sessionId);
  const personId = live?.session.start?.personId;
  if (personId === undefined) throw overdue();
  const { events } = await context.engine.handle(refreshSession, asked, once(context, asking));
  known.forget(sessionId);
  const [refreshed] = events.flatMap((event) => (event.type === 'SessionRefreshed' ? [event.data] : []));
  if (!refreshed) throw overdue();
  return pairOf(context, { personId, sessionId, generation: refreshed.generation });
};

const end = async (context: PeopleContext, known: KnownSessions, sessionId: string, asking: Asking): Promise<void> => {
  await context.engine.handle(endSession, { sessionId }, once(context, asking));
  known.forget(sessionId);
  // What a session of the console stood for; there is nothing for others.
  await context.credentials.remove('session-key', sessionId);
};

const endAll = async (
  context: PeopleContext,
  known: KnownSessions,
  addressId: string,
  asking: Asking,
): Promise<void> => {
  await context.engine.handle(endSessions, { addressId }, once(context, asking));
  known.forgetOf(addressId);
};

/** How sessions begin, go on and end. */
export const sessionsOf = (context: PeopleContext, known: KnownSessions, ready = nobodyIn(context)) => ({
  prove: (signIn: SignIn) => prove(context, signIn, ready),
  start: (person: Verified, asking: Asking) => start(context, person, asking),
  startConsole: (by: { readonly person: Verified } | { readonly key: string }, asking: Asking) =>
    startConsole(context, by, asking),
  refresh: (token: string, asking: Asking) => refresh(context, known, token, asking),
  end: (sessionId: string, asking: Asking) => end(context, known, sessionId, asking),
  endAll: (addressId: string, asking: Asking) => endAll(context, known, addressId, asking),
});
