import { LRUCache } from 'lru-cache';
import { whetherAway } from '../../outside/limits/away.ts';
import type { Quota } from '../../outside/limits/quotas.ts';
import type { Buckets, Taken } from './token-buckets.ts';

/** How much may be done in a minute, one at a time. Without a promise there is nothing to wait for. */
export type Limiter = {
  readonly take: (who: string) => Taken | Promise<Taken>;
  /** Whether there is anything left, as far as this process knows. */
  readonly look: (who: string) => Taken;
  readonly giveBack: (who: string) => void;
};

/** What this process has taken of somebody's quota and not used yet, until a time. */
type Lease = { left: number; readonly others: number; readonly until: number };

/** Of how many it is remembered what was taken for them. */
const remembered = 50_000;

/** How much of a quota a process takes at a time: a hundredth, so that hardly a request waits and no more than that is left unused. */
const share = 100;

/** How many quotas are asked for at a time: who comes when that many are is counted here. */
const asked = 100;

/** A limit of this process alone. */
export const ownLimiter = (buckets: Buckets): Limiter => ({
  take: (who) => buckets.take(who, 1),
  look: buckets.look,
  giveBack: (who) => buckets.giveBack(who, 1),
});

type Sharing = {
  readonly quota: Quota;
  /** What counts while the others can't be asked. */
  readonly own: Buckets;
  readonly perMinute: number;
  /** Milliseconds by a clock that never steps back. */
  readonly monotonic: () => number;
  /** What somebody is called where others may read it. */
  readonly nameOf: (who: string) => string;
};

/**
 * A limit that processes have in common. Each takes a part of it and uses that up by itself. While the store that counts is away each
 * counts alone: nobody is refused or waits for it.
 */
export const sharedLimiter = ({ quota, own, perMinute, monotonic, nameOf }: Sharing): Limiter => {
  const leases = new LRUCache<string, Lease>({ maxSize: remembered, sizeCalculation: () => 1 });
  const asking = new Map<string, Promise<void>>();
  const away = whetherAway(monotonic);
  const amount = Math.max(1, Math.floor(perMinute / share));

  const told = ({ left, others, until }: Lease, allowed: boolean, now: number): Taken => {
    const reset = Math.max(1, Math.ceil((until - now) / 1_000));
    return { allowed, left: left + others, reset, wait: allowed ? 0 : reset };
  };

  const leaseOf = (who: string, now: number): Lease | undefined => {
    const lease = leases.get(who);
    return lease && now < lease.until ? lease : undefined;
  };

  const ask = async (who: string): Promise<void> => {
    away.asked();
    try {
      const { granted, left, ms } = await quota(nameOf(who), amount);
      away.answered();
      leases.set(who, { left: granted, others: left, until: monotonic() + Math.max(1, ms) });
    } catch {
      away.failed();
    } finally {
      asking.delete(who);
    }
  };

  const take = (who: string): Taken | Promise<Taken> => {
    const now = monotonic();
    const lease = leaseOf(who, now);
    if (lease && lease.left >= 1) {
      lease.left -= 1;
      return told(lease, true, now);
    }
    if (lease && lease.others === 0) return told(lease, false, now);
    const begun = asking.get(who);
    if (!begun && (away.isAway() || asking.size >= asked)) return own.take(who, 1);
    const waited = begun ?? ask(who);
    if (!begun) asking.set(who, waited);
    return waited.then(() => (away.isAway() ? own.take(who, 1) : take(who)));
  };

  return {
    take,
    look: (who) => {
      const now = monotonic();
      const lease = leaseOf(who, now);
      return lease ? told(lease, lease.left + lease.others > 0, now) : own.look(who);
    },
    giveBack: (who) => {
      const lease = leaseOf(who, monotonic());
      if (lease) lease.left += 1;
      else own.giveBack(who, 1);
    },
  };
};
