import { LRUCache } from 'lru-cache';
import { timingSafeEqual } from 'node:crypto';
import type { AddressState } from '../../domain/people/address.ts';
import { isOfEpoch } from '../../domain/people/address.ts';
import type { SessionState } from '../../domain/people/session.ts';
import { goesOn, session } from '../../domain/people/session.ts';
import { lookingUp } from '../fresh.ts';
import type { PeopleContext } from './context.ts';
import { addressNow, stateNow } from './context.ts';
import { hashOfText, idOfSecret } from './tokens.ts';

/** Of how many sessions it is remembered how they are, and of how many that there is none. */
const remembered = 20_000;

/** Whose session it is. */
export type Signed = { readonly personId: string; readonly sessionId: string };

/** A session with what it needs to go on. */
export type Live = { readonly session: SessionState; readonly address: AddressState | undefined };

type Known = { readonly at: number; readonly live: Live };

/** The cookies of the console begin so: nothing else does. */
export const cookieStart = 'lfc_';

const isLive = ({ session: state, address }: Live, sessionId: string, now: Date): boolean => {
  if (!goesOn(state, now)) return false;
  const { kind, epoch = -1, personId } = state.start ?? {};
  if (kind === 'key') return true;
  return address !== undefined && address.personId === personId && isOfEpoch(address, sessionId, epoch);
};

/**
 * The sessions that are there: as this process changes them, and as others do within 2 s by a clock that never steps back. None of
 * them is looked up for each request. While the store is away, what is known is as it was.
 */
export const knownSessions = (context: Pick<PeopleContext, 'engine' | 'accessTokens' | 'monotonic'>) => {
  const { engine, accessTokens, monotonic } = context;
  // By size: with `max` the room for all of them would be made at once, at each start.
  const bound = { maxSize: remembered, sizeCalculation: () => 1 };
  const known = new LRUCache<string, Known>(bound);
  /** Of a session that was looked up before something was changed, nobody must be told after. */
  let changes = 0;

  const look = async (sessionId: string): Promise<Live> => {
    const [begun, before] = [monotonic(), changes];
    const state = await stateNow(context, session, sessionId);
    const { addressId } = state.start ?? {};
    const live = {
      session: state,
      address: addressId === undefined ? undefined : await addressNow(context, addressId),
    };
    if (before === changes) known.set(sessionId, { at: begun, live });
    return live;
  };

  const lookup = lookingUp({
    monotonic,
    look,
    goOn: (sessionId) => {
      const last = known.get(sessionId);
      if (last) known.set(sessionId, { at: monotonic(), live: last.live });
      return last?.live;
    },
  });

  const stateOf = async (sessionId: string): Promise<Live> => {
    const found = known.get(sessionId);
    return lookup.of(sessionId, found?.at, () => found?.live ?? look(sessionId));
  };

  const liveOf = async (sessionId: string): Promise<Live | undefined> => {
    const live = await stateOf(sessionId);
    return isLive(live, sessionId, engine.clock()) ? live : undefined;
  };

  /** The session of a cookie that goes on. */
  const ofCookie = async (cookie: string): Promise<(Live & { readonly sessionId: string }) | undefined> => {
    if (!cookie.startsWith(cookieStart)) return undefined;
    const sessionId = idOfSecret(cookie.slice(cookieStart.length));
    const live = sessionId === undefined ? undefined : await liveOf(sessionId);
    const hash = live?.session.start?.hash;
    if (sessionId === undefined || !live || hash === undefined) return undefined;
    return timingSafeEqual(Buffer.from(hash), Buffer.from(hashOfText(cookie))) ? { ...live, sessionId } : undefined;
  };

  return {
    /** Whose session a credential shows: an access token, or a cookie of the console. Undefined for any that does not hold. */
    sessionOf: async (credential: string): Promise<Signed | undefined> => {
      if (credential.startsWith(cookieStart)) {
        const found = await ofCookie(credential);
        const personId = found?.session.start?.personId;
        return found && personId !== undefined ? { personId, sessionId: found.sessionId } : undefined;
      }
      const claims = await accessTokens.read(credential);
      const live = claims && (await liveOf(claims.sessionId));
      return live && live.session.start?.personId === claims.personId ? claims : undefined;
    },
    ofCookie,
    liveOf,
    /** Whether it can be told without a look whose session a credential shows: of a token by its signature. */
    isAtHand: (credential: string): boolean => {
      const sessionId = credential.startsWith(cookieStart)
        ? idOfSecret(credential.slice(cookieStart.length))
        : undefined;
      return sessionId === undefined || known.has(sessionId);
    },
    /** Looks again at a session that this process has just changed. */
    forget: (sessionId: string): void => {
      changes += 1;
      known.delete(sessionId);
      lookup.forget(sessionId);
    },
    /** Looks again at all sessions of the person who has an address. */
    forgetOf: (addressId: string): void => {
      changes += 1;
      for (const [sessionId, { live }] of known.entries())
        if (live.session.start?.addressId === addressId) known.delete(sessionId);
      lookup.forgetAll();
    },
  };
};
export type KnownSessions = ReturnType<typeof knownSessions>;
