import type { LimitSettings } from '../../config/limits.ts';
import type { Quotas } from '../../outside/limits/quotas.ts';
import type { Limiter } from './limiters.ts';
import { ownLimiter, sharedLimiter } from './limiters.ts';
import { namesUnder } from './names-under.ts';
import type { Buckets } from './token-buckets.ts';
import { tokenBuckets } from './token-buckets.ts';

/** What clients may do: events in the memory of the process, everything else together with the other processes. */
export type RateLimits = {
  readonly perMinute: LimitSettings;
  readonly ingest: Buckets;
} & { readonly [Kind in Exclude<keyof LimitSettings, 'ingest'>]: Limiter };

type Making = {
  readonly perMinute: LimitSettings;
  /** Milliseconds by a clock that never steps back. */
  readonly monotonic: () => number;
  /** The root key, which all processes have: what they share is kept under hashes that only who has it can make. */
  readonly adminKey: string;
  /** What counts for all processes; without it each counts for itself. */
  readonly quotas?: Quotas | undefined;
};

/** Makes the limits of a process. */
export const rateLimits = ({ perMinute, monotonic, adminKey, quotas }: Making): RateLimits => {
  const nameOf = namesUnder(adminKey, 'limits');
  const limiter = (kind: Exclude<keyof LimitSettings, 'ingest'>): Limiter => {
    const own = tokenBuckets(perMinute[kind], monotonic);
    if (!quotas) return ownLimiter(own);
    const quota = quotas(kind, perMinute[kind]);
    return sharedLimiter({ quota, own, perMinute: perMinute[kind], monotonic, nameOf });
  };
  return {
    perMinute,
    ingest: tokenBuckets(perMinute.ingest, monotonic),
    reads: limiter('reads'),
    writes: limiter('writes'),
    heavy: limiter('heavy'),
    address: limiter('address'),
    failures: limiter('failures'),
  };
};
