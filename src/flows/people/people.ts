import { person } from '../../domain/people/person.ts';
import { streamOf } from '../../domain/streams.ts';
import { accountsOf } from './accounts.ts';
import type { Asking, PeopleContext } from './context.ts';
import { addressNow } from './context.ts';
import { invitationsOf } from './invitations.ts';
import { knownSessions } from './known-sessions.ts';
import type { PasswordChange } from './accounts.ts';
import { sessionsOf } from './sessions.ts';

/** A person as they may be told of to those who know them, and to themselves. */
export type PersonView = {
  readonly personId: string;
  readonly email: string;
  readonly name: string | undefined;
  readonly verified: boolean;
};

/** All that is done with people and their sessions. */
export const openPeople = (context: PeopleContext) => {
  const { engine, credentials } = context;
  const known = knownSessions(context);
  const [accounts, sessions] = [accountsOf(context), sessionsOf(context, known)];

  const personOf = async (personId: string): Promise<PersonView | undefined> => {
    // Not by garbage: of nobody there is nothing to be remembered.
    const remembered = engine.states.known(person, personId);
    if (!remembered && (await engine.states.read(streamOf(person.name, personId), -1, 1)).length === 0)
      return undefined;
    const { addressId, name } = (await engine.states.refresh(person, personId)).state;
    const { email, verified } = addressId === undefined ? {} : await addressNow(context, addressId);
    return email === undefined ? undefined : { personId, email, name, verified: verified ?? false };
  };

  return {
    ...accounts,
    ...invitationsOf(context),
    ...sessions,
    resetPassword: async (token: string, password: string, asking: Asking) => {
      known.forgetOf(await accounts.resetPassword(token, password, asking));
    },
    changePassword: async (wanted: PasswordChange, asking: Asking) => {
      const changed = await accounts.changePassword(wanted, asking);
      known.forgetOf(wanted.addressId);
      return changed;
    },
    /** Whose session a credential shows: an access token, or a cookie of the console. Undefined for any that does not hold. */
    sessionOf: known.sessionOf,
    /** Whether it can be told without a look whose session a credential shows. */
    isAtHand: known.isAtHand,
    /** The key that a cookie of the console stands for, where it was opened with one. */
    keyOf: async (cookie: string): Promise<string | undefined> => {
      const found = await known.ofCookie(cookie);
      return found?.session.start?.kind === 'key' ? credentials.get('session-key', found.sessionId) : undefined;
    },
    /** Ends the session of a cookie of the console, whoever's it is. */
    endConsole: async (cookie: string, asking: Asking): Promise<void> => {
      const found = await known.ofCookie(cookie);
      if (found) await sessions.end(found.sessionId, asking);
    },
    /** The address of the person of a session that goes on. */
    addressOf: async (sessionId: string): Promise<string | undefined> =>
      (await known.liveOf(sessionId))?.session.start?.addressId,
    /** Who a person is; undefined for nobody. */
    personOf,
    /** Resolves when all that was asked for and answered before it was done is done. */
    idle: context.later.idle,
  };
};
export type People = ReturnType<typeof openPeople>;
