import { createHash, createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Scheme, SignatureFormat } from '../../domain/sources/scheme.ts';

/** How old what is signed may be when it comes, and how far its time may lie ahead, in seconds. */
export const tolerance = { past: 300, ahead: 60 } as const;

/** A request as it came: the headers by their names in lower case, the raw bytes of the body, and when. */
export type Signed = {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** What the query has as `token`. */
  readonly token?: string | undefined;
  readonly now: Date;
};

export type SignatureFault = 'signature-missing' | 'signature-invalid' | 'signature-expired';

/** Whether a request is authentic. `webhookId` is what its sender calls it, where that is signed. */
export type Verified = { readonly fault: SignatureFault } | { readonly fault?: never; readonly webhookId?: string };

const missing: Verified = { fault: 'signature-missing' };
const invalid: Verified = { fault: 'signature-invalid' };

const single = ({ headers }: Signed, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

// With a key as an object it takes Node half as long as with its bytes, the making of the object included.
const hmac = (key: string | Buffer, ...parts: readonly (string | Buffer)[]): Buffer => {
  const made = createHmac('sha256', createSecretKey(Buffer.from(key)));
  for (const part of parts) made.update(part);
  return made.digest();
};

const areEqual = (one: string, other: string): boolean => {
  const [bytes, others] = [Buffer.from(one), Buffer.from(other)];
  return bytes.length === others.length && timingSafeEqual(bytes, others);
};

/** Hex as a sender writes it, in either case. */
const hexIn = (text: string): string => text.toLowerCase();

/**
 * Whether one of the signatures, as they are written, is that of one of the secrets. What only decodes to the same bytes is not.
 * All are looked at, whichever fits, so that time tells nothing.
 */
const anyFits = (
  signatures: readonly string[],
  secrets: readonly string[],
  sign: (secret: string) => string,
): boolean => {
  let fits = false;
  for (const secret of secrets) {
    const expected = sign(secret);
    for (const signature of signatures) if (areEqual(signature, expected)) fits = true;
  }
  return fits;
};

/** Seconds since 1970 as a sender writes them, or ms. */
const secondsOf = (text: string): number | undefined => {
  if (!/^\d{1,13}$/.test(text)) return undefined;
  const number = Number(text);
  return number > 100_000_000_000 ? number / 1_000 : number;
};

const isInTime = (seconds: number, now: Date): boolean => {
  const age = now.getTime() / 1_000 - seconds;
  return age <= tolerance.past && age >= -tolerance.ahead;
};

/** What is said of the time only when the signature fits: else anybody could ask for our clock. */
const timed = (fits: boolean, time: string, now: Date, webhookId?: string): Verified => {
  const seconds = secondsOf(time);
  if (!fits || seconds === undefined) return invalid;
  if (!isInTime(seconds, now)) return { fault: 'signature-expired' };
  return { ...(webhookId !== undefined && { webhookId }) };
};

/** The key in a secret of Standard Webhooks: base64 behind `whsec_`. */
const standardKey = (secret: string): Buffer => Buffer.from(secret.replace(/^whsec_/, ''), 'base64');

/** The signature of a message by Standard Webhooks 1.0: `v1,` and the HMAC-SHA-256 of `id.seconds.body` in base64. */
export const standardSignature = (secret: string, id: string, seconds: number, body: string | Buffer): string =>
  `v1,${hmac(standardKey(secret), `${id}.${seconds}.`, body).toString('base64')}`;

const verifyStandard = (request: Signed, secrets: readonly string[]): Verified => {
  const [id, time, all] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => single(request, name));
  if (id === undefined || time === undefined || all === undefined) return missing;
  const ours = all.split(' ').flatMap((each) => (each.startsWith('v1,') ? [each.slice(3)] : []));
  const fits = anyFits(ours, secrets, (secret) =>
    hmac(standardKey(secret), `${id}.${time}.`, request.body).toString('base64'),
  );
  return timed(fits, time, request.now, id);
};

const verifyStripe = (request: Signed, secrets: readonly string[]): Verified => {
  const header = single(request, 'stripe-signature');
  if (header === undefined) return missing;
  const parts = header.split(',').map((part) => part.trim().split('=', 2));
  const time = parts.find(([name]) => name === 't')?.[1];
  if (time === undefined) return invalid;
  const ours = parts.flatMap(([name, value = '']) => (name === 'v1' ? [hexIn(value)] : []));
  const fits = anyFits(ours, secrets, (secret) => hmac(secret, `${time}.`, request.body).toString('hex'));
  return timed(fits, time, request.now);
};

const verifyHmac = (request: Signed, secrets: readonly string[], format: SignatureFormat): Verified => {
  const { header, encoding, prefix = '', timestampHeader } = format;
  const given = single(request, header);
  const time = timestampHeader === undefined ? undefined : single(request, timestampHeader);
  if (given === undefined || (timestampHeader !== undefined && time === undefined)) return missing;
  if (!given.startsWith(prefix)) return invalid;
  const written = given.slice(prefix.length);
  const ours = [encoding === 'hex' ? hexIn(written) : written];
  const signed = time === undefined ? [request.body] : [`${time}.`, request.body];
  const fits = anyFits(ours, secrets, (secret) => hmac(secret, ...signed).toString(encoding));
  if (time !== undefined) return timed(fits, time, request.now);
  return fits ? {} : invalid;
};

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

const verifyToken = (request: Signed, secrets: readonly string[]): Verified => {
  const bearer = /^bearer +(\S+)$/i.exec(single(request, 'authorization') ?? '')?.[1];
  const token = bearer ?? request.token;
  if (token === undefined || token === '') return missing;
  return anyFits([digest(token)], secrets, digest) ? {} : invalid;
};

/** Whether a request was signed with one of the secrets, over the raw bytes of its body, and lately. */
export const verify = (
  { scheme, signature }: { readonly scheme: Scheme; readonly signature?: SignatureFormat | undefined },
  secrets: readonly string[],
  request: Signed,
): Verified => {
  if (scheme === 'standard') return verifyStandard(request, secrets);
  if (scheme === 'stripe') return verifyStripe(request, secrets);
  if (scheme === 'token') return verifyToken(request, secrets);
  return signature ? verifyHmac(request, secrets, signature) : invalid;
};
