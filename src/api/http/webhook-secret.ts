import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Scheme } from '../../domain/sources/scheme.ts';
import { idOf, making } from '../routes/issuing.ts';
import type { ApiContext } from './context.ts';
import { Problem } from './problems.ts';

/** A secret in the answer that made it. */
export const toldSecret = z.string().describe('Shown here only, and again to a retry with the same Idempotency-Key');

/** A secret that the sender made, as those of Stripe are. */
export const givenSecret = z
  .string()
  .min(16)
  .max(256)
  .regex(/^[\x21-\x7e]+$/, { error: 'has blanks or characters outside ASCII' })
  .optional()
  .describe('The secret, where its sender makes it; else one is made');

/** A secret as senders of a scheme take it: for Standard Webhooks and Stripe as `whsec_` and base64. */
const secretFor = (scheme: Scheme, made: string): string =>
  scheme === 'standard' || scheme === 'stripe' ? `whsec_${Buffer.from(made).toString('base64')}` : made;

/** Throws a `Problem` for a secret that a scheme could not use. */
const mustSuit = (scheme: Scheme, text: string): void => {
  if (scheme !== 'standard' || /^(whsec_)?[A-Za-z0-9+/]{32,}={0,2}$/.test(text)) return;
  const detail = 'must be whsec_ and base64 of 24 bytes or more, as Standard Webhooks has it';
  throw new Problem('invalid-request', `The secret ${detail}`, { errors: [{ pointer: '/secret', detail }] });
};

/** The secret that a request is about, new or given, with its id. The same Idempotency-Key gives the same. */
export const secretIn = (api: ApiContext, request: FastifyRequest, scheme: Scheme, text: string | undefined) => {
  const made = making(api, request, 'source');
  if (text !== undefined) mustSuit(scheme, text);
  return { made, secretId: idOf(made('secret id')), text: text ?? secretFor(scheme, made('secret')) };
};
