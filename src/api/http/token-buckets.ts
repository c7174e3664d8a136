import { LRUCache } from 'lru-cache';

/** What came of asking for a part of what may be done. */
export type Taken = {
  readonly allowed: boolean;
  /** How much is left. */
  readonly left: number;
  /** In how many seconds there is all of it again. */
  readonly reset: number;
  /** After how many seconds what was asked for is there. */
  readonly wait: number;
};

/** How much may be done in a minute, by whoever does it. */
export type Buckets = {
  /** Takes so much if it is there, or nothing. */
  readonly take: (who: string, cost: number) => Taken;
  /** Whether there is anything left, of which nothing is taken. */
  readonly look: (who: string) => Taken;
  /** Gives back what was taken and not used. */
  readonly giveBack: (who: string, cost: number) => void;
};

type Bucket = { level: number; at: number };

const minute = 60_000;

/** Of how many it is remembered how much they took: of those that nobody heard of for longest nothing is known first. */
const remembered = 50_000;

/**
 * Buckets of tokens, one for each who asks: so many at once, and as many again in the course of a minute. `monotonic` gives
 * milliseconds by a clock that never steps back.
 */
export const tokenBuckets = (perMinute: number, monotonic: () => number, most = remembered): Buckets => {
  // By size: with `max` the room for all of them would be made at once, at each start.
  const buckets = new LRUCache<string, Bucket>({ maxSize: most, sizeCalculation: () => 1 });
  const perMs = perMinute / minute;

  const fill = (bucket: Bucket): Bucket => {
    const now = monotonic();
    bucket.level = Math.min(perMinute, bucket.level + (now - bucket.at) * perMs);
    bucket.at = now;
    return bucket;
  };

  const told = (level: number, cost: number, allowed: boolean): Taken => ({
    allowed,
    left: Math.floor(level),
    // A minute at most, also where dividing gives a little more.
    reset: Math.min(60, Math.ceil((perMinute - level) / perMs / 1_000)),
    wait: allowed ? 0 : Math.min(60, Math.max(1, Math.ceil((cost - level) / perMs / 1_000))),
  });

  return {
    take: (who, cost) => {
      const known = buckets.get(who);
      const bucket = known ? fill(known) : { level: perMinute, at: monotonic() };
      if (!known) buckets.set(who, bucket);
      const allowed = bucket.level >= cost;
      if (allowed) bucket.level -= cost;
      return told(bucket.level, cost, allowed);
    },
    look: (who) => {
      const known = buckets.get(who);
      const level = known ? fill(known).level : perMinute;
      return told(level, 1, level >= 1);
    },
    giveBack: (who, cost) => {
      const known = buckets.get(who);
      if (known) known.level = Math.min(perMinute, known.level + cost);
    },
  };
};
