const [minute, hour] = [60_000, 3_600_000];

/**
 * What the failed tries to sign in are counted by: an account from one address, an account from everywhere, and an address. Only the
 * first is ever locked for longer than a while, so that nobody locks another one out.
 */
export const triedBy = ['accountAndAddress', 'account', 'address'] as const;
export type TriedBy = (typeof triedBy)[number];

/** A lock once so many tries failed, in ms from the last of them. It is `lasting` when each further one locks again. */
type Lock = { readonly after: number; readonly ms: number; readonly lasting?: boolean };

type Bounds = {
  /** How many tries may fail within the window. */
  readonly failures: number;
  readonly locks: readonly Lock[];
  /** How long after the last one nothing is known of them any more, in ms. */
  readonly kept: number;
};

/** How many tries to sign in may fail, and within how many ms. */
export const tryLimits = {
  window: 15 * minute,
  accountAndAddress: {
    failures: 5,
    locks: [
      { after: 10, ms: hour },
      { after: 20, ms: 24 * hour, lasting: true },
    ],
    kept: 48 * hour,
  },
  account: { failures: 10, locks: [], kept: 15 * minute },
  address: { failures: 20, locks: [], kept: 15 * minute },
} as const satisfies Readonly<Record<TriedBy, Bounds>> & { readonly window: number };

/** The tries that failed, or that nobody knows the end of yet: the times of the last ones in order, in ms since 1970, and how many in all. */
export type Tries = { readonly times: readonly number[]; readonly total: number };

/** Nobody tried. */
export const noTries: Tries = { times: [], total: 0 };

/** Until when tries are remembered, in ms since 1970. */
export const keptUntil = (by: TriedBy, { times }: Tries): number => (times.at(-1) ?? -Infinity) + tryLimits[by].kept;

const remembered = (by: TriedBy, tries: Tries, now: number): Tries => (now < keptUntil(by, tries) ? tries : noTries);

const isInForce = ({ after, lasting = false }: Lock, total: number): boolean =>
  lasting ? total >= after : total === after;

/** Since when one may try again, in ms since 1970; what is not behind `now` is still to be waited for. */
export const mayTryFrom = (by: TriedBy, tries: Tries, now: number): number => {
  const { times, total } = remembered(by, tries, now);
  const { failures, locks }: Bounds = tryLimits[by];
  const last = times.at(-1) ?? -Infinity;
  const full = (times.at(-failures) ?? -Infinity) + tryLimits.window;
  return Math.max(full, ...locks.map((lock) => (isInForce(lock, total) ? last + lock.ms : -Infinity)));
};

/** With one more, which failed unless it is taken back. */
export const withTry = (by: TriedBy, tries: Tries, now: number): Tries => {
  const { times, total } = remembered(by, tries, now);
  const last = [...times, now].toSorted((a, b) => a - b);
  // One more than would do, so that when the last is taken back the one before it is known.
  return { times: last.slice(-(tryLimits[by].failures + 1)), total: total + 1 };
};

/** Without one of that time, which did not fail. */
export const withoutTry = ({ times, total }: Tries, at: number): Tries => {
  const place = times.lastIndexOf(at);
  return place < 0 ? { times, total } : { times: times.toSpliced(place, 1), total: total - 1 };
};
