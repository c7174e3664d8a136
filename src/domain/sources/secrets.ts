import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import { Rejection } from '../rejection.ts';

/** What is known of a secret outside of the vault. `validUntil` is there once another one took its place. */
export const secretSchema = z.strictObject({
  secretId: z.string(),
  createdAt: isoTime,
  validUntil: isoTime.optional(),
});
export type SecretEntry = Readonly<z.infer<typeof secretSchema>>;

export const secretStates = ['current', 'former', 'expired'] as const;
export type SecretState = (typeof secretStates)[number];

/** How many secrets may be valid at the same time: each of them is tried for each request. */
export const mostSecrets = 50;

/** What a secret is at a time, ISO 8601. */
export const secretStateOf = ({ validUntil }: SecretEntry, now: string): SecretState => {
  if (validUntil === undefined) return 'current';
  return validUntil > now ? 'former' : 'expired';
};

/** The secrets that hold at a time, the newest first. */
export const validSecrets = (secrets: readonly SecretEntry[], now: string): readonly SecretEntry[] =>
  secrets.filter((secret) => secretStateOf(secret, now) !== 'expired').toReversed();

/** With another one in the place of the current one, which is valid a while longer. Expired ones are forgotten when there are many. */
export const withRotated = (
  secrets: readonly SecretEntry[],
  { secretId, at, formerUntil }: { readonly secretId: string; readonly at: string; readonly formerUntil: string },
): readonly SecretEntry[] => {
  const former = secrets.map((each) => (each.validUntil === undefined ? { ...each, validUntil: formerUntil } : each));
  const kept = former.length < mostSecrets ? former : validSecrets(former, at).toReversed();
  return [...kept, { secretId, createdAt: at }];
};

/** Throws a `Rejection` when as many secrets are valid as may be. */
export const mustHaveSecretsLeft = (secrets: readonly SecretEntry[], now: string): void => {
  if (validSecrets(secrets, now).length < mostSecrets) return;
  throw new Rejection('secrets-full', `${mostSecrets} secrets are valid at a time at most; remove former ones first`);
};

/** Throws a `Rejection` when there is no such secret, or it is the one in use. */
export const mustBeFormer = (secrets: readonly SecretEntry[], secretId: string): void => {
  const found = secrets.find((each) => each.secretId === secretId);
  if (!found) throw new Rejection('secret-unknown', `There is no secret ${secretId}`);
  if (found.validUntil !== undefined) return;
  throw new Rejection(
    'secret-current',
    `Secret ${secretId} is the one in use; rotate first, with overlapHours 0 if it is known`,
  );
};
