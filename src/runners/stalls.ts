import type { Troubles, Wording } from '../telemetry/troubles.ts';
import { poll } from './poll.ts';
import type { SubscriptionStatus } from './subscription.ts';

/** How often is looked at the readers, and how long one may fail, or take to come back to a store, before it is told of, in ms. */
const [every, grace] = [1_000, 5_000];

const stalling: Wording = {
  begins: 'readers of the log stall',
  lasts: 'readers of the log still stall',
  ends: 'readers of the log do not stall any more',
};

type Dependencies = {
  /** The readers of this process. Rejects when who runs them does not answer. */
  readonly statuses: () => Promise<readonly SubscriptionStatus[]>;
  /** Whether a store is away, which is told of by itself. */
  readonly isAway: () => boolean;
  readonly troubles: Troubles;
  readonly now?: () => number;
};

/** Looks which readers stall for a reason of their own, and tells of those with the same reason together. */
export const lookForStalls = ({ statuses, isAway, troubles, now = () => performance.now() }: Dependencies) => {
  /** Why each reader stalls that does, as it was first found, and since when. */
  const stalled = new Map<string, { readonly error: string; readonly since: number }>();
  let told = new Set<string>();
  let wasAway = -Infinity;

  const found = async (): Promise<ReadonlyMap<string, string>> => {
    try {
      const all = await statuses();
      return new Map(all.flatMap(({ name, state, error = '' }) => (state === 'stalled' ? [[name, error]] : [])));
    } catch (error) {
      return new Map([['projections', error instanceof Error ? error.message : String(error)]]);
    }
  };

  return async (): Promise<void> => {
    troubles.expire();
    const at = now();
    if (isAway()) wasAway = at;
    // A reader that failed because a store was away takes a moment to come back.
    if (at - wasAway < grace) return;
    const current = await found();
    for (const name of stalled.keys()) if (!current.has(name)) stalled.delete(name);
    for (const [name, error] of current) if (!stalled.has(name)) stalled.set(name, { error, since: at });
    const lasting = [...stalled].filter(([, { since }]) => at - since >= grace);
    const groups = Map.groupBy(lasting, ([, { error }]) => error);
    for (const [error, readers] of groups)
      troubles.note(`stall: ${error}`, stalling, { error, readers: readers.map(([name]) => name) });
    for (const error of told) if (!groups.has(error)) troubles.end(`stall: ${error}`);
    told = new Set(groups.keys());
  };
};

/** Does so until it is stopped. */
export const watchStalls = (dependencies: Dependencies): { readonly stop: () => Promise<void> } => {
  const stopping = new AbortController();
  const { ended } = poll(lookForStalls(dependencies), {
    every,
    signal: stopping.signal,
    onError: (error) => void error,
  });
  return {
    stop: async () => {
      stopping.abort();
      await ended;
    },
  };
};
