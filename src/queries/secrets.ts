import type { SecretEntry, SecretState } from '../domain/sources/secrets.ts';
import { secretStateOf } from '../domain/sources/secrets.ts';

/** What is told of a secret: never what it is. */
export type SecretView = SecretEntry & { readonly state: SecretState };

/** Secrets as they are told of at a time, the newest first. */
export const secretViews = (secrets: readonly SecretEntry[], now: Date): readonly SecretView[] =>
  secrets.toReversed().map((secret) => ({
    secretId: secret.secretId,
    state: secretStateOf(secret, now.toISOString()),
    createdAt: secret.createdAt,
    ...(secret.validUntil !== undefined && { validUntil: secret.validUntil }),
  }));
