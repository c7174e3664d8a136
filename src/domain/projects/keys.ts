import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import type { SecretEntry } from '../sources/secrets.ts';
import { validSecrets, withRotated } from '../sources/secrets.ts';

/** What a key allows. `admin` is everything in its project. */
export const scopes = ['events:write', 'leads:read', 'leads:write', 'config:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** The facts of a project about its keys. Of a key's values only hashes are recorded. Shapes are forever. */
export const keyEvents = {
  KeyIssued: z
    .strictObject({
      keyId: z.string(),
      name: z.string(),
      scopes: z.array(z.enum(scopes)),
      /** SHA-256 of the key's value, hexadecimal; the value itself is stored nowhere. */
      hash: z.string(),
      issuedAt: isoTime.optional(),
      /** The origins of the web pages that it is for; a key without any is taken from anywhere. */
      origins: z.array(z.string()).optional(),
    })
    .describe('A key of the project was given out; only the hash of its value is recorded.'),
  KeyRotated: z
    .strictObject({ keyId: z.string(), secretId: z.string(), hash: z.string(), at: isoTime, formerUntil: isoTime })
    .describe('A key has another value; the former one is valid until then. Only the hash is recorded.'),
  KeySecretRemoved: z
    .strictObject({ keyId: z.string(), secretId: z.string() })
    .describe('A former value of a key is not valid any more.'),
  KeyRevoked: z.strictObject({ keyId: z.string() }).describe('A key was taken back.'),
} as const;

type Rotated = Readonly<z.infer<typeof keyEvents.KeyRotated>>;

/**
 * A key: `hash` is that of its value in use. One that was rotated has its values as `secrets`, from the oldest to the one in use,
 * and the hash of each by its id.
 */
export type Key = Readonly<z.infer<typeof keyEvents.KeyIssued>> & {
  readonly secrets?: readonly SecretEntry[];
  readonly hashes?: Readonly<Record<string, string>>;
};

/** The values of a key, without what they are. The first is called as the key; of old keys it is only known since when there may have been some. */
export const keySecrets = ({ keyId, issuedAt, secrets }: Key, projectCreatedAt: string): readonly SecretEntry[] =>
  secrets ?? [{ secretId: keyId, createdAt: issuedAt ?? projectCreatedAt }];

/** A key with another value in the place of the one in use. */
export const withKeyRotated = (key: Key, rotated: Rotated, projectCreatedAt: string): Key => {
  const { secretId, hash } = rotated;
  const secrets = withRotated(keySecrets(key, projectCreatedAt), rotated);
  const hashes: Readonly<Record<string, string>> = { [key.keyId]: key.hash, ...key.hashes, [secretId]: hash };
  const kept = secrets.flatMap(({ secretId: id }) => {
    const { [id]: of } = hashes;
    return of === undefined ? [] : [[id, of] as const];
  });
  return { ...key, hash, secrets, hashes: Object.fromEntries(kept) };
};

/** A key without one of its former values. */
export const withoutKeySecret = (key: Key, secretId: string): Key => ({
  ...key,
  ...(key.secrets && { secrets: key.secrets.filter((each) => each.secretId !== secretId) }),
});

/** The hashes of the values of a key that are valid at a time; the one in use first. */
export const validHashes = ({ hash, secrets, hashes = {} }: Key, now: Date): readonly string[] =>
  secrets ? validSecrets(secrets, now.toISOString()).flatMap(({ secretId }) => hashes[secretId] ?? []) : [hash];
