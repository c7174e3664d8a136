import { z } from 'zod';

/**
 * How a sender proves that it is one: `standard` (Standard Webhooks 1.0), `hmac-sha256` (a header with an HMAC of the body),
 * `stripe` (the header `stripe-signature`), or `token` (the secret itself).
 */
export const schemes = ['standard', 'hmac-sha256', 'stripe', 'token'] as const;
export type Scheme = (typeof schemes)[number];

/** The name of a header (RFC 9110), in any case. */
const header = z
  .string()
  .max(64)
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'is not the name of a header' });

/**
 * Where `hmac-sha256` finds the HMAC, and how it is written. Where a header has the time too, in seconds or ms since 1970, what
 * is signed is `time.body`; else the body alone, and what is sent again cannot be told from the first by its time.
 */
export const signatureSchema = z.strictObject({
  header,
  encoding: z.enum(['hex', 'base64']),
  prefix: z.string().min(1).max(32).optional(),
  timestampHeader: header.optional(),
});
export type SignatureFormat = Readonly<z.infer<typeof signatureSchema>>;

/** The same format with the names of its headers in lower case, as Node has them. Facts have them so. */
export const withLowerNames = ({ header: name, timestampHeader, ...format }: SignatureFormat): SignatureFormat => ({
  ...format,
  header: name.toLowerCase(),
  ...(timestampHeader !== undefined && { timestampHeader: timestampHeader.toLowerCase() }),
});
