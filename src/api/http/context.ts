import type { Engine } from '../../flows/engine.ts';
import type { Rebuilds } from '../../jobs/rebuilds.ts';
import type { Report } from '../../invariants/report.ts';
import type { SubscriptionStatus } from '../../runners/subscription.ts';
import type { Feed } from '../../queries/deliveries/feed.ts';
import type { Queries } from '../../readmodels/queries.ts';
import type { People } from '../../flows/people/people.ts';
import type { Secrets } from '../../outside/vault/secrets.ts';
import type { AddressGuard } from '../../outside/webhooks/addresses.ts';
import type { ReplayReject } from '../ingest/replay.ts';
import type { Lanes } from './lanes.ts';
import type { RateLimits } from './rate-limits.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';

/**
 * How a part of the process is. `lag` counts events between a subscription and the head of the log, `behindFor` is for how many
 * seconds there has been one. What is `elsewhere` is up to other processes: this one can work without. `error` says what is
 * wrong where only a person can mend it; anybody may read it.
 */
export type Component = {
  readonly name: string;
  readonly healthy: boolean;
  readonly state: string;
  readonly lag?: number;
  readonly behindFor?: number;
  readonly elsewhere?: boolean;
  readonly error?: string;
};

/** A read that waits for the read models: of which project, and for which projections where not for all. */
export type Waiting = { readonly projectId?: string | undefined; readonly only?: readonly string[] | undefined };

/** What the API works with. Everything that differs from run to run comes in here. */
export type ApiContext = {
  readonly engine: Engine;
  readonly readModels: Queries;
  /** Makes documents again from the log, which the API itself only reads. */
  readonly rebuilds: Rebuilds;
  /**
   * Resolves when the read models have everything up to a position; rejects with the signal's reason when it aborts first.
   * `read` is what waits for it.
   */
  readonly reached: (position: number, signal: AbortSignal, read?: Waiting) => Promise<void>;
  /** What was recorded until then is in every read model; undefined while that is not known. */
  readonly asOf: () => Date | undefined;
  /** The position of the last fact of the log. */
  readonly head: () => Promise<number>;
  readonly components: () => Promise<readonly Component[]>;
  /** The running readers of the log: those that this process runs, or waits to run. */
  readonly subscriptions: () => Promise<readonly (SubscriptionStatus & { readonly projection: boolean })[]>;
  /** Checks the invariants of one project or of all. */
  readonly systemHealth: (projectId?: string) => Promise<Report>;
  /** For work on one lead that may take long: so much at a time, and the others in line. */
  readonly lanes: Lanes;
  /** What is told of the facts of the log. */
  readonly feed: Feed;
  /** What senders and receivers of webhooks sign with. */
  readonly secrets: Secrets;
  /** People and their sessions, and the keys that access tokens are checked with. */
  readonly people: People & { readonly tokenKeys: () => Promise<readonly object[]> };
  /** Who may register. */
  readonly signUp: 'open' | 'invited';
  /** Where people find the service, without a slash at the end. */
  readonly publicUrl: string;
  /** Why webhooks may not be sent to a URL, if so. */
  readonly urlRefusal: AddressGuard['refusal'];
  /** Tries again what was refused. */
  readonly replay: ReplayReject;
  readonly clock: () => Date;
  /** Milliseconds since some moment, by a clock that never steps back. */
  readonly monotonic: () => number;
  /** A new UUIDv7: grows with time. */
  readonly newId: () => string;
  /** A new unguessable text of 32 letters and digits (a-z, A-Z, 0-9). */
  readonly newSecret: () => string;
  /** What clients may do. */
  readonly limits: RateLimits;
  /** Bounds how many passwords can be tried. */
  readonly signInThrottle: SignInThrottle;
  /** The root key's value. */
  readonly adminKey: string;
};
