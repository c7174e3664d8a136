import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { validSecrets } from '../../domain/sources/secrets.ts';
import type { Source } from '../../domain/sources/sources.ts';
import { SecretLost } from '../../outside/vault/boxes.ts';
import type { Signed, Verified } from '../../outside/webhooks/signatures.ts';
import { tolerance, verify } from '../../outside/webhooks/signatures.ts';
import type { ApiContext } from '../http/context.ts';
import { kinds, Problem } from '../http/problems.ts';

/** What is read of the query of a webhook: a sender may add what it likes. */
export const tokenQuery = z.object({
  token: z.string().max(256).optional().describe('The secret, for the scheme token'),
});

/** What a webhook has to have by the scheme of its source, where anything of it is missing. */
const neededBy = ({ scheme, signature }: Source): string => {
  if (scheme === 'standard') return 'the headers webhook-id, webhook-timestamp and webhook-signature are needed';
  if (scheme === 'stripe') return 'the header Stripe-Signature is needed';
  if (scheme === 'token') return 'send its secret as Authorization: Bearer, or as ?token=';
  const { header, timestampHeader } = signature ?? {};
  return `needed is ${[header, timestampHeader].filter((each) => each !== undefined).join(' and ')} in the headers`;
};

/** What is wrong with a webhook that is signed and not let in, and what to look at. */
const faults = {
  'signature-invalid':
    'The signature is not that of the raw body with a secret of this source; look at the secret, and that nothing changes the body on its way',
  'signature-expired': `The webhook was signed more than ${tolerance.past} s ago or ${tolerance.ahead} s ahead; look at the clock of the sender, and sign again for each try`,
} as const;

/** The secret that stands in the query; undefined when there is none that could be one. */
const tokenIn = (query: unknown): string | undefined => tokenQuery.safeParse(query).data?.token;

/** Whether it is the fault of who sent it, as far as can be told, that a webhook was not let in. */
export const isFailure = (error: unknown): boolean =>
  error instanceof SecretLost || (error instanceof Problem && kinds[error.code].status === 401);

/**
 * Whether what came is signed as a source's webhooks are. Rejects with `SecretLost` where it is by none of the secrets that are
 * there and one is lost: whoever knows that one has to send again when it is back, or another one is in its place.
 */
export const signedBy = async (
  { clock, secrets }: Pick<ApiContext, 'clock' | 'secrets'>,
  source: Source,
  signed: Omit<Signed, 'now'>,
): Promise<Verified> => {
  const now = clock();
  const valid = validSecrets(source.secrets, now.toISOString());
  const kept = await Promise.all(valid.map(({ secretId }) => secrets.get(source.sourceId, secretId)));
  const there = kept.filter((each) => each !== undefined);
  const verified = verify(source, there, { ...signed, now });
  if (verified.fault === 'signature-invalid' && there.length < valid.length)
    throw new SecretLost(`The vault does not have each secret of source ${source.sourceId}`);
  return verified;
};

/** What its sender calls a webhook, where that is signed. Throws a `Problem` unless it is its source's. */
export const mustBeAuthentic = async (
  api: ApiContext,
  { headers, query }: FastifyRequest,
  source: Source,
  body: Buffer,
): Promise<string | undefined> => {
  const token = tokenIn(query);
  const verified = await signedBy(api, source, { headers, body, ...(token !== undefined && { token }) });
  if (verified.fault === 'signature-missing')
    throw new Problem(verified.fault, `The webhook is not signed as its source says: ${neededBy(source)}`);
  if (verified.fault !== undefined) throw new Problem(verified.fault, faults[verified.fault]);
  return verified.webhookId;
};
