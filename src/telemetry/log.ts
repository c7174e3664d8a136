import type { DestinationStream, Logger } from 'pino';
import { pino } from 'pino';
import type { Tracing } from './tracing.ts';

const replacements: readonly (readonly [RegExp, string])[] = [
  // What stands before the host of an address: a user and a password.
  [/\/\/[^\s/@:]*:[^\s/@]*@/g, '//[redacted]@'],
  // No slash before the @, as in paths of packages.
  [/[^\s"'<>()[\]{}:;,=/\\]+@[^\s"'<>()[\]{}:;,=/\\]+\.[^\s"'<>()[\]{}:;,=/\\]+/g, '[email]'],
  [/\b(bearer|basic)\s+[^\s"']+/gi, '$1 [redacted]'],
  [/\blf_[A-Za-z0-9._-]+/g, '[key]'],
  [/\?[^\s"']*=[^\s"']*/g, '?[query]'],
];

/** A text without what may be somebody's data or secret: addresses of mail, keys, passwords in addresses, query strings. */
export const withoutSecrets = (text: string): string =>
  replacements.reduce((kept, [secret, instead]) => kept.replaceAll(secret, instead), text);

type Told = { type: string; message: string; code?: string; stack?: string; cause?: Told };

/** An error as it is logged: what it is and where, and of its own fields the code alone, as others may have anything. */
const told = (error: unknown, depth = 0): Told => {
  if (!(error instanceof Error)) return { type: typeof error, message: withoutSecrets(String(error)) };
  const code = 'code' in error && ['string', 'number'].includes(typeof error.code) ? String(error.code) : undefined;
  return {
    type: error.name,
    message: withoutSecrets(error.message),
    ...(code !== undefined && { code }),
    ...(error.stack !== undefined && { stack: withoutSecrets(error.stack) }),
    ...(error.cause !== undefined && depth < 3 && { cause: told(error.cause, depth + 1) }),
  };
};

/** What has secrets or somebody's data is never written, whoever passes it; fields of these names cost nothing while nobody does. */
const secretFields = [
  ...['req', 'res', 'headers', 'body', 'query', 'url', 'params'],
  ...['authorization', 'cookie', 'key', 'apiKey', 'writeKey', 'email', 'properties', 'traits', 'identifiers'],
];

/** How much may wait for a reader of the log that is slow or has stopped reading, in characters; what comes then is dropped. */
const maxLength = 4 * 1024 * 1024;

/** The log of the process: a line of JSON for each thing that happened, without secrets and personal data. */
export const openLog = (level: string, tracing?: Tracing, to?: DestinationStream): Logger => {
  const hidden = Object.fromEntries(secretFields.map((name) => [name, () => '[redacted]']));
  const error = (found: unknown) => (typeof found === 'string' ? withoutSecrets(found) : told(found));
  return pino(
    {
      level,
      serializers: { ...hidden, err: error, error },
      ...(tracing && { mixin: () => ({ trace: tracing.current()?.traceId }) }),
    },
    // Lines wait for the next turn of the event loop, not a request for its line.
    to ?? pino.destination({ dest: 1, sync: false, maxLength }),
  );
};
