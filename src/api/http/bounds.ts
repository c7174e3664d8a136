import type { LimitSettings } from '../../config/limits.ts';
import type { Limits } from '../../outside/limits/open.ts';
import type { ApiContext } from './context.ts';
import { rateLimits } from './rate-limits.ts';
import { signInThrottle } from './sign-in-throttle.ts';

type Bounding = {
  readonly perMinute: LimitSettings;
  /** Where it is counted. */
  readonly counted: Pick<Limits, 'quotas' | 'tallies'>;
  readonly clock: () => Date;
  /** The root key, which all processes have. */
  readonly adminKey: string;
};

/** What clients may do, and how often passwords may be tried. */
export const boundsOf = (bounding: Bounding): Pick<ApiContext, 'limits' | 'signInThrottle'> => {
  const { perMinute, counted, clock, adminKey } = bounding;
  const { quotas, tallies } = counted;
  return {
    limits: rateLimits({ perMinute, monotonic: () => performance.now(), adminKey, quotas }),
    signInThrottle: signInThrottle({ tallies, clock, adminKey }),
  };
};
