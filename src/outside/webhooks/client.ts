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

/** Why an attempt ended without an answer: because we ended it, or because of what went wrong. */
const reasonOf =
  (signal: AbortSignal) =>
  (error: unknown): string =>
    signal.aborted ? String(signal.reason) : failureOf(error);

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** Reads an answer to its end, or to where it is cut off. */
const readAnswer = async (body: Dispatcher.ResponseData['body']): Promise<void> => {
  // What is cut off ends in an error of its own, which says nothing.
  body.on('error', () => undefined);
  let bytes = 0;
  for await (const chunk of body) {
    bytes += Buffer.isBuffer(chunk) ? chunk.length : 0;
    if (bytes >= answerBytes) return;
  }
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
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: idleFor.usual,
    keepAliveMaxTimeout: idleFor.most,
  });

  /** Sends and reads the answer; rejects when the signal aborts. */
  const answerTo = async ({ url: text, headers, body }: WebhookRequest, signal: AbortSignal) => {
    // A URL with an address in it asks for no name, so that it is looked at here alone.
    if (guard.refusal(text) !== undefined) throw new AddressRefused();
    const { origin, pathname, search } = new URL(text);
    const path = `${pathname}${search}`;
    const answer = await agent.request({ origin, path, method: 'POST', headers: { ...headers }, body, signal });
    const { statusCode: status } = answer;
    const wait = isSuccess(status) ? undefined : retryAfterMs(answer.headers['retry-after'], clock());
    const error = await readAnswer(answer.body).then(() => undefined, reasonOf(signal));
    return {
      status,
      ...(isSuccess(status) && error !== undefined && { error }),
      ...(wait !== undefined && { retryAfterMs: wait }),
    };
  };

  return {
    send: async (request) => {
      const begun = performance.now();
      const ending = new AbortController();
      const timer = setTimeout(() => ending.abort('timeout'), timeoutMs);
      const cancel = (): void => ending.abort('cancelled');
      request.signal?.addEventListener('abort', cancel, { once: true });
      if (request.signal?.aborted === true) cancel();
      try {
        const outcome = await answerTo(request, ending.signal).catch((error: unknown) => ({
          error: reasonOf(ending.signal)(error),
        }));
        return { ...outcome, ms: Math.round(performance.now() - begun) };
      } finally {
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', cancel);
      }
    },
    close: () => agent.destroy(),
  };
};
