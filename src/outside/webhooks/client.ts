import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { Agent, buildConnector } from 'undici';
import type { DeliveryAllow } from '../../config/delivery-allow.ts';
import type { AddressGuard } from './addresses.ts';
import { addressGuard } from './addresses.ts';
import { AddressRefused, failureOf } from './failures.ts';
import type { Resolve } from './resolving.ts';
import { systemResolve } from './resolving.ts';
import { retryAfterMs } from './retry-after.ts';
import { withoutContinue } from './without-continue.ts';

/** A webhook to be sent. */
export type WebhookRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Ends the attempt, as when the process ends. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * What became of an attempt. It succeeded when the status is 2xx and there is no error: a receiver that breaks off its answer
 * may have broken off its work as well. Another status speaks for itself, whatever becomes of the rest of the answer.
 */
export type Attempt = {
  readonly status?: number;
  readonly error?: string;
  /** How long it took, in ms. */
  readonly ms: number;
  readonly retryAfterMs?: number;
};

/** Sends webhooks, and only to where they may go. */
export type WebhookClient = {
  /** Sends once. Does not reject for anything that a receiver, the network or a name server does. */
  readonly send: (request: WebhookRequest) => Promise<Attempt>;
  /** Ends the connections, and the attempts that are on their way. */
  readonly close: () => Promise<void>;
};

/** Opens what sends to where an operator allows, by a clock. */
export type OpenWebhookClient = (options: Pick<Options, 'allow' | 'clock'>) => WebhookClient;

type Options = {
  readonly allow: DeliveryAllow;
  /** How long an attempt may take from the name to the end of the answer, in ms. */
  readonly timeoutMs?: number;
  readonly resolve?: Resolve;
  readonly clock?: () => Date;
  /** Certificates that are trusted instead of the system's, as PEM. */
  readonly ca?: string;
};

/** How much of an answer is read, in bytes. What comes behind it is cut off, and the connection with it. */
const answerBytes = 64 * 1_024;

/** How long a connection without a request stays open, in ms, whatever the receiver asks for. */
const idleFor = { usual: 4_000, most: 10_000 } as const;

/** How long one of several addresses is tried before the next one is, in ms. */
const tryNext = 2_000;

/** Finds a host's addresses and gives the socket those that it may connect to: it asks nobody for another. */
const guardedLookup =
  ({ mayReach }: AddressGuard, resolve: Resolve): LookupFunction =>
  (host, { all }, callback) => {
    const found = resolve(host).then((addresses) => {
      const allowed = addresses.filter((address) => mayReach(host, address));
      if (allowed.length === 0) throw new AddressRefused();
      return allowed.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    });
    found.then(
      (addresses) => {
        const [{ address, family } = { address: '', family: 4 }] = addresses;
        if (all === true) callback(null, addresses);
        else callback(null, address, family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

type Outcome = Omit<Attempt, 'ms'>;

/** A request under way. */
type Exchange = {
  /** What comes of it. Rejects for a fault of ours. */
  readonly outcome: Promise<Outcome>;
  /** Ends it, with why. */
  readonly end: (reason: string) => void;
};

/** Sends a request, and reads what is answered to its end or to where it is cut off. */
const exchange = (agent: Agent, request: Dispatcher.DispatchOptions, clock: () => Date): Exchange => {
  const { promise: outcome, resolve, reject } = Promise.withResolvers<Outcome>();
  let [answer, bytes, over]: [Outcome | undefined, number, boolean] = [undefined, 0, false];
  let controller: Dispatcher.DispatchController | undefined;

  const settle = (error?: string): void => {
    const isKnown = error === undefined || (answer?.status !== undefined && !isSuccess(answer.status));
    resolve({ ...answer, ...(!isKnown && { error }) });
  };
  const end = (error?: string): void => {
    settle(error);
    over = true;
    controller?.abort(new Error(error ?? 'enough'));
  };
  const fail = (error: unknown): void => {
    if (over) return;
    try {
      settle(failureOf(error));
    } catch (fault) {
      reject(fault instanceof Error ? fault : new Error(String(fault)));
    }
  };
  agent.dispatch(request, {
    onRequestStart: (started) => {
      controller = started;
      if (over) started.abort(new Error('ended'));
    },
    onResponseStart: (_, status, { 'retry-after': wait }) => {
      if (status < 200) return;
      const ms = isSuccess(status) ? undefined : retryAfterMs(wait, clock());
      answer = { status, ...(ms !== undefined && { retryAfterMs: ms }) };
    },
    onResponseData: (_, chunk) => {
      bytes += chunk.length;
      if (bytes >= answerBytes) end();
    },
    onResponseEnd: () => settle(),
    onResponseError: (_, error) => fail(error),
  });
  return { outcome, end };
};

/**
 * Opens what sends webhooks. Connections are kept for a moment, for requests to the same origin. How many there are is up to
 * who sends: to limit those of an origin would let one receiver hold up all others that live at the same host.
 */
export const openWebhookClient = (options: Options): WebhookClient => {
  const { allow, timeoutMs = 15_000, clock = () => new Date(), ca } = options;
  const guard = addressGuard(allow);
  const agent = new Agent({
    connect: withoutContinue(
      buildConnector({
        lookup: guardedLookup(guard, options.resolve ?? systemResolve(guard)),
        timeout: timeoutMs,
        allowH2: false,
        autoSelectFamilyAttemptTimeout: tryNext,
        ...(ca !== undefined && { ca }),
      }),
    ),
    // Each request has a time of its own, which ends it wherever it is.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: idleFor.usual,
    keepAliveMaxTimeout: idleFor.most,
  });

  /** Sends once, to where that may go. */
  const sendTo = async ({ url: text, headers, body, signal }: WebhookRequest): Promise<Outcome> => {
    // A URL with an address in it asks for no name, so that it is looked at here alone.
    if (guard.refusal(text) !== undefined) return { error: failureOf(new AddressRefused()) };
    if (signal?.aborted === true) return { error: 'cancelled' };
    const { origin, pathname, search } = new URL(text);
    const path = `${pathname}${search}`;
    const { outcome, end } = exchange(agent, { origin, path, method: 'POST', headers: { ...headers }, body }, clock);
    const timer = setTimeout(end, timeoutMs, 'timeout');
    const cancel = (): void => end('cancelled');
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      return await outcome;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    }
  };

  return {
    send: async (request) => {
      const begun = performance.now();
      const outcome = await sendTo(request);
      return { ...outcome, ms: Math.round(performance.now() - begun) };
    },
    close: () => agent.destroy(),
  };
};
