import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { SigningKeys } from './signing-keys.ts';

/** For how long an access token holds, in seconds. */
export const accessTokenSeconds = 900;

/** Whom access tokens are for. */
export const audience = 'leadfold';

/** The longest text that is looked at as a token, and how many tokens are remembered that were checked. */
const limits = { length: 1_024, remembered: 10_000 } as const;

/** Whose a token is, and which session. */
export type Claims = { readonly personId: string; readonly sessionId: string };

const claimsSchema = z.object({ sub: z.string().min(1), sid: z.uuid(), exp: z.number(), iat: z.number() });
type Known = Claims & { readonly exp: number };

/** Loaded when somebody signs in or shows a token: most processes start without. */
const jose = () => import('jose');

type Dependencies = { readonly keys: SigningKeys; readonly issuer: string; readonly clock: () => Date };

/** Makes and checks access tokens: JWTs (RFC 7519, 9068) that are signed with EdDSA, and nothing else. */
export const accessTokens = ({ keys, issuer, clock }: Dependencies) => {
  const checked = new LRUCache<string, Known>({ maxSize: limits.remembered, sizeCalculation: () => 1 });

  const keyOf = async (token: string) => {
    const { decodeProtectedHeader } = await jose();
    const { alg, kid } = decodeProtectedHeader(token);
    return alg === 'EdDSA' && typeof kid === 'string' ? keys.checking(kid) : undefined;
  };

  const check = async (token: string): Promise<Known | undefined> => {
    const { errors, jwtVerify } = await jose();
    try {
      const key = await keyOf(token);
      if (!key) return undefined;
      const { payload } = await jwtVerify(token, key, {
        issuer,
        audience,
        algorithms: ['EdDSA'],
        typ: 'at+jwt',
        currentDate: clock(),
        // Clocks of processes differ a little; that a token is too old is told exactly below.
        clockTolerance: 5,
        // With an age it is also refused what says that it was made later than now.
        maxTokenAge: accessTokenSeconds,
        requiredClaims: ['sub', 'sid', 'exp', 'iat'],
      });
      const { data } = claimsSchema.safeParse(payload);
      return data && { personId: data.sub, sessionId: data.sid, exp: data.exp };
    } catch (error) {
      if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
      throw error;
    }
  };

  return {
    issue: async ({ personId, sessionId }: Claims): Promise<string> => {
      const { SignJWT } = await jose();
      const { kid, key } = await keys.signing();
      const now = Math.floor(clock().getTime() / 1_000);
      return new SignJWT({ sid: sessionId })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(personId)
        .setIssuedAt(now)
        .setExpirationTime(now + accessTokenSeconds)
        .sign(key);
    },
    /** Whose a token is; undefined for whatever is not one that holds now. Who is signed in is not looked up here. */
    read: async (token: string): Promise<Claims | undefined> => {
      if (token.length > limits.length || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
      const known = checked.get(token) ?? (await check(token));
      if (!known || known.exp <= Math.floor(clock().getTime() / 1_000)) return undefined;
      checked.set(token, known);
      return { personId: known.personId, sessionId: known.sessionId };
    },
    told: keys.told,
  };
};
export type AccessTokens = ReturnType<typeof accessTokens>;
