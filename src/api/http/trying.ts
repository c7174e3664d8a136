import type { FastifyRequest } from 'fastify';
import type { ApiContext } from './context.ts';
import { Problem } from './problems.ts';

/**
 * Looks whether a password is right, as a try to sign in to an account that is counted before. Gives what was looked for, undefined
 * where the password is not right; throws a `Problem` when too many tries have failed.
 */
export const asTry = async <T>(
  { signInThrottle }: Pick<ApiContext, 'signInThrottle'>,
  { ip }: FastifyRequest,
  { account, wrong }: { readonly account: string; readonly wrong: string },
  look: () => Promise<T | undefined>,
): Promise<T> => {
  const begun = await signInThrottle.begin(account, ip);
  let found: T | undefined;
  try {
    found = await look();
  } catch (error) {
    // Nobody was told whether it is right.
    await begun.withdrawn();
    throw error;
  }
  if (found !== undefined) {
    await begun.succeeded();
    return found;
  }
  throw new Problem('credentials-invalid', wrong, {
    headers: { 'WWW-Authenticate': 'Bearer realm="leadfold"' },
  });
};
