import type { Aggregate, Event } from '../../domain/event.ts';
import type { AddressState } from '../../domain/people/address.ts';
import { address } from '../../domain/people/address.ts';
import { streamOf } from '../../domain/streams.ts';
import { unrepeatable } from '../../engine/command.ts';
import type { Request } from '../../engine/handle.ts';
import type { Engine } from '../engine.ts';
import type { Later } from './later.ts';

/** What the vault has of people, by kind and id. */
export type CredentialStore = {
  readonly keep: (kind: 'password' | 'mail' | 'session-key', id: string, text: string) => Promise<void>;
  readonly get: (kind: 'password' | 'mail' | 'session-key', id: string) => Promise<string | undefined>;
  readonly remove: (kind: 'password' | 'mail' | 'session-key', id: string) => Promise<void>;
};

/** Makes and checks hashes of passwords, and knows which of them everybody would try. */
export type PasswordChecks = {
  readonly hash: (password: string) => Promise<string>;
  readonly matches: (kept: string | undefined, password: string) => Promise<boolean>;
  readonly isCommon: (password: string) => boolean;
};

/** Makes and checks what shows who is signed in, for a few minutes. */
export type TokenMaker = {
  readonly issue: (of: { readonly personId: string; readonly sessionId: string }) => Promise<string>;
  readonly read: (text: string) => Promise<{ readonly personId: string; readonly sessionId: string } | undefined>;
};

/** What the flows of people work with. */
export type PeopleContext = {
  readonly engine: Pick<Engine, 'handle' | 'states' | 'clock'>;
  readonly credentials: CredentialStore;
  readonly passwords: PasswordChecks;
  readonly accessTokens: TokenMaker;
  /** What seals refresh tokens and ids of persons are made with, the same in all processes. */
  readonly refreshKey: () => Promise<Buffer>;
  readonly later: Later;
  readonly newId: () => string;
  readonly randomBytes: (length: number) => Buffer;
  readonly monotonic: () => number;
};

/** Who asks, as facts remember it. */
export type Asking = Pick<Request, 'correlationId' | 'actor' | 'traceparent'>;

/** The request of one step, which nobody can send again. */
export const once = ({ newId }: Pick<PeopleContext, 'newId'>, asking: Asking): Request => ({
  ...asking,
  commandId: unrepeatable(newId()),
});

/**
 * What a stream adds up to in the store. Of one that nobody did anything with here it is not remembered: whatever anybody asks for would
 * take the place of others' leads, and what is there is looked at as what is not. Only what is longer than a page is remembered from
 * then on: else who refreshes a session, or changes a password, for hours would have more to be read each time.
 */
export const stateNow = async <S, E extends Event>(
  { engine: { states } }: Pick<PeopleContext, 'engine'>,
  aggregate: Aggregate<S, E>,
  id: string,
): Promise<S> => {
  const { name, initial, evolve } = aggregate;
  if (states.known(aggregate, id)) return (await states.refresh(aggregate, id)).state;
  let state: S | undefined;
  for await (const events of states.pages<E>(streamOf(name, id), -1)) {
    if (state !== undefined) return (await states.refresh(aggregate, id)).state;
    state = events.reduce(evolve, initial);
  }
  return state ?? initial;
};

export const addressNow = (context: Pick<PeopleContext, 'engine'>, addressId: string): Promise<AddressState> =>
  stateNow(context, address, addressId);

/**
 * The same of an address of which something is recorded next, whose it may be: what was known of it before makes no difference to how
 * often the log is asked then.
 */
export const addressToBe = async (
  { engine: { states } }: Pick<PeopleContext, 'engine'>,
  addressId: string,
): Promise<AddressState> => (await states.refresh(address, addressId)).state;
