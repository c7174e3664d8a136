import type { TriedBy, Tries } from '../../domain/people/sign-in-tries.ts';
import { keptUntil, mayTryFrom, noTries, triedBy, withoutTry, withTry } from '../../domain/people/sign-in-tries.ts';
import type { Tallies } from '../../outside/limits/tallies.ts';
import { clientNetwork } from './client-network.ts';
import { namesUnder } from './names-under.ts';
import { Problem } from './problems.ts';

/** A try to sign in. It has failed unless it is said that it has not, also when the process dies. */
export type SignInTry = {
  /** The password was right: what failed before, of this account from this address, counts no more. */
  readonly succeeded: () => Promise<void>;
  /** Nobody looked whether the password is right: the try does not count. */
  readonly withdrawn: () => Promise<void>;
};

export type SignInThrottle = {
  /**
   * Counts a try to sign in before anybody looks at the password, so that many at once are no more than one after the other. Whether
   * there is such an account makes no difference. Throws a `Problem` (429) when too many have failed.
   * `account` is what the account is known by, in its normal form; `address` is `request.ip`.
   */
  readonly begin: (account: string, address: string) => Promise<SignInTry>;
};

type Counting = {
  readonly tallies: Tallies;
  readonly clock: () => Date;
  /** The root key, which all processes have. */
  readonly adminKey: string;
};

/** How often it is tried to change a count that others change at that time. */
const attempts = 20;

/** How soon who could not be counted may come again, in ms. */
const soon = 1_000;

const tooMany = (ms: number): Problem => {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return new Problem('rate-limited', `Too many tries to sign in have failed; try again in ${seconds} s`, {
    headers: { 'Retry-After': String(seconds) },
  });
};

/**
 * Bounds how many passwords can be tried: of an account from one address, of an account, and from an address. What is counted is kept
 * under hashes that only who has the root key can make, so that nobody can tell from them whose accounts and addresses they are.
 */
export const signInThrottle = ({ tallies, clock, adminKey }: Counting): SignInThrottle => {
  const nameOf = namesUnder(adminKey, 'sign-in throttle');
  const idOf = (by: TriedBy, ...of: readonly string[]): string => nameOf(JSON.stringify([by, ...of]));

  /** Counts one more, and gives for how many ms it is too early; 0 when it was counted. */
  const count = async (by: TriedBy, id: string, now: number): Promise<number> => {
    for (let left = attempts; left > 0; left--) {
      const { version = 0, ...tries }: Tries & { readonly version?: number } = (await tallies.get(id)) ?? noTries;
      const wait = mayTryFrom(by, tries, now) - now;
      if (wait > 0) return wait;
      const next = withTry(by, tries, now);
      if (await tallies.put(id, next, version, new Date(keptUntil(by, next)))) return 0;
    }
    return soon;
  };

  const takeBack = async (by: TriedBy, id: string, at: number): Promise<void> => {
    for (let left = attempts; left > 0; left--) {
      const found = await tallies.get(id);
      if (!found) return;
      const next = withoutTry(found, at);
      const keep = next.times.length > 0 ? keptUntil(by, next) : at;
      if (await tallies.put(id, next, found.version, new Date(keep))) return;
    }
  };

  return {
    begin: async (account, address) => {
      const [from, at] = [clientNetwork(address), clock().getTime()];
      const ids = {
        accountAndAddress: idOf('accountAndAddress', account, from),
        account: idOf('account', account),
        address: idOf('address', from),
      };
      const counted: TriedBy[] = [];
      const withdrawn = async (): Promise<void> => {
        for (const by of counted) await takeBack(by, ids[by], at);
      };
      // One after the other: who may not try from this address does not count for the account.
      for (const by of triedBy) {
        const wait = await count(by, ids[by], at);
        if (wait > 0) {
          await withdrawn();
          throw tooMany(wait);
        }
        counted.push(by);
      }
      return {
        withdrawn,
        succeeded: async () => {
          await withdrawn();
          await tallies.remove(ids.accountAndAddress);
        },
      };
    },
  };
};
