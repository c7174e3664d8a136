import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LimitSettings } from '../../config/limits.ts';
import type { App } from './app.ts';
import type { Caller } from './caller.ts';
import { credentialOf } from './credentials.ts';
import { clientNetwork } from './client-network.ts';
import { kinds, Problem } from './problems.ts';
import type { RateLimits } from './rate-limits.ts';
import { classOf } from './route-classes.ts';
import type { Taken } from './token-buckets.ts';

/** A kind of limit, as answers and metrics call it. */
type Kind = keyof LimitSettings;

/** How requests are counted. What throws throws a `Problem` (429); without a promise there is nothing to wait for. */
export type Limiting = {
  /** Counts a request for whoever sends it, by the class of its route; events are counted when they are there. Throws. */
  readonly counted: (request: FastifyRequest, caller: Caller) => Promise<void> | undefined;
  /** Counts the events of a request, all or none. Throws. */
  readonly events: (request: FastifyRequest, count: number) => void;
  /** Whether the address of a request may fail once more, at something where it is about one thing. */
  readonly mayFail: (request: FastifyRequest, at?: string) => boolean;
  /** Counts a failure. Throws when the address may not fail any more. */
  readonly failed: (request: FastifyRequest, at?: string) => Promise<void>;
  /** Throws: there were too many failures. */
  readonly refuse: (request: FastifyRequest, at?: string) => never;
  /** The request turned out to be somebody's: it does not count for its address. */
  readonly recognised: (request: FastifyRequest) => void;
};

declare module 'fastify' {
  interface FastifyInstance {
    limiting: Limiting;
  }
  interface FastifyRequest {
    /** What of a limit is left to the sender, as the answer tells it. */
    limit: (Taken & { readonly kind: Kind }) | undefined;
  }
}

/** What is counted, for the details of answers. */
const counts: Readonly<Record<Kind, string>> = {
  ingest: 'events',
  reads: 'reads',
  writes: 'changes',
  heavy: 'requests that take long',
  address: 'requests without a valid key',
  failures: 'wrong keys, signatures and projects',
};

/** Who somebody is among all: keys and sources have their ids in a project, others wherever they are. */
const holderOf = ({ projectId, actor }: Caller): string =>
  actor.startsWith('key:') || actor.startsWith('source:') ? `${projectId}/${actor}` : actor;

const addressOf = ({ ip }: FastifyRequest, at: string): string => `${clientNetwork(ip)} ${at}`;

/** Bounds what each client may do, and says how much of that is left. */
export const limiting = (app: App, { limits }: { readonly limits: RateLimits }): void => {
  const { perMinute } = limits;
  const policy = (kind: Kind): string => `"${kind}";q=${perMinute[kind]};w=60`;
  const policies: Readonly<Record<Kind, string>> = {
    ingest: policy('ingest'),
    reads: policy('reads'),
    writes: policy('writes'),
    heavy: policy('heavy'),
    address: policy('address'),
    failures: policy('failures'),
  };

  const told = (request: FastifyRequest, kind: Kind, taken: Taken, advice = `go on in ${taken.wait} s`): void => {
    request.limit = { kind, allowed: taken.allowed, left: taken.left, reset: taken.reset, wait: taken.wait };
    if (taken.allowed) return;
    const detail = `${perMinute[kind].toLocaleString('en')} ${counts[kind]} are allowed in a minute; ${advice}`;
    throw new Problem('rate-limited', detail, { headers: { 'Retry-After': String(taken.wait) } });
  };

  const taking = (request: FastifyRequest, kind: Exclude<Kind, 'ingest'>, who: string): Promise<void> | undefined => {
    const taken = limits[kind].take(who);
    if (taken instanceof Promise) return taken.then((found) => told(request, kind, found));
    told(request, kind, taken);
    return undefined;
  };

  const refuse = (request: FastifyRequest, at = ''): never => {
    const { left, reset, wait } = limits.failures.look(addressOf(request, at));
    told(request, 'failures', { allowed: false, left, reset, wait: Math.max(1, wait) });
    throw new TypeError('What is not allowed is refused');
  };

  app.decorateRequest('limit');
  app.decorate('limiting', {
    counted: (request, caller) => {
      const kind = classOf(request.method, request.routeOptions.config);
      if (kind === 'none') return undefined;
      if (kind !== 'ingest') return taking(request, kind, holderOf(caller));
      // How many events there are is known when they are there; who has none left need not send them.
      told(request, kind, limits.ingest.look(holderOf(caller)));
      return undefined;
    },
    events: (request, count) => {
      const taken = limits.ingest.take(holderOf(request.caller), count);
      const never = count > perMinute.ingest ? 'send fewer at a time, as so many will never be taken' : undefined;
      told(request, 'ingest', taken, never);
    },
    mayFail: (request, at = '') => limits.failures.look(addressOf(request, at)).allowed,
    failed: async (request, at = '') => taking(request, 'failures', addressOf(request, at)),
    refuse,
    recognised: (request) => limits.address.giveBack(addressOf(request, '')),
  } satisfies Limiting);

  // Who comes with a credential is counted when it is known whose it is.
  app.addHook('onRequest', (request, _reply, done) => {
    const { config } = request.routeOptions;
    const kind = classOf(request.method, config);
    const isOwn = kind === 'none' || (kind === 'ingest' && config.public === true);
    const comesWithNothing = request.is404 || config.public === true || credentialOf(request) === undefined;
    if (isOwn || !comesWithNothing) return done();
    const waits = taking(request, 'address', addressOf(request, ''));
    if (waits) waits.then(() => done(), done);
    else done();
  });

  const tell = ({ limit }: FastifyRequest, reply: FastifyReply): void => {
    if (!limit) return;
    reply.header('RateLimit-Policy', policies[limit.kind]);
    reply.header('RateLimit', `"${limit.kind}";r=${limit.left};t=${limit.reset}`);
  };
  app.addHook('onSend', (request, reply, payload, done) => {
    tell(request, reply);
    done(null, payload);
  });
  app.addHook('onError', (request, _reply, error, done) => {
    if (error instanceof Problem && kinds[error.code].status === 429) {
      const { kind = 'address', allowed = true } = request.limit ?? {};
      const limited = allowed ? 'sign-in' : kind;
      const reason = error.code === 'rate-limited' ? limited : 'queue';
      app.instruments?.limited.add(1, classOf(request.method, request.routeOptions.config), reason);
    }
    done();
  });
};
