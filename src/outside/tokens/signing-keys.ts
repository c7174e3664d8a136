import type { CryptoKey, JWK } from 'jose';
import { z } from 'zod';
import { VaultUnavailable } from '../vault/boxes.ts';
import type { Vault } from '../vault/vault.ts';
import { VaultConflict } from '../vault/vault.ts';

const [second, minute, day] = [1_000, 60_000, 24 * 3_600_000];

/**
 * When keys change, in ms. A new key is made every 30 days, is told 10 min before it signs, and after another one signs in its
 * place it is told for an hour more: tokens of it last a quarter of that.
 */
export const keyTimes = { signsFor: 30 * day, toldBefore: 10 * minute, toldAfter: 60 * minute } as const;

/** How long the keys of the vault are not looked at again: as a rule, and when somebody shows a token of a key that is not known. */
const freshFor = { usual: minute, unknown: 5 * second } as const;

const box = 'people/signing-keys';

const keySchema = z.object({
  kid: z.string(),
  /** From when it signs, ms since 1970. */
  from: z.number(),
  jwk: z.object({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), d: z.string() }),
});
type Kept = Readonly<z.infer<typeof keySchema>>;

type ImportedKey = CryptoKey | Uint8Array;

/** Loaded when somebody signs in or shows a token: most processes start without. */
const jose = () => import('jose');

export type SigningKey = { readonly kid: string; readonly key: ImportedKey };

const madeKey = async (kid: string, from: number): Promise<Kept> => {
  const { exportJWK, generateKeyPair } = await jose();
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return keySchema.parse({ kid, from, jwk: await exportJWK(privateKey) });
};

const publicOf = ({ kid, jwk: { kty, crv, x } }: Kept): JWK => ({ kty, crv, x, kid, use: 'sig', alg: 'EdDSA' });

/** The keys that are told and may sign at a time, from the oldest; those after which others have signed long enough are gone. */
const current = (keys: readonly Kept[], now: number): readonly Kept[] =>
  keys.filter((_, index) => {
    const { [index + 1]: next } = keys;
    return next === undefined || now < next.from + keyTimes.toldAfter;
  });

type Loaded = {
  readonly at: number;
  readonly keys: readonly Kept[];
  readonly imported: Map<string, Promise<ImportedKey>>;
};

type Dependencies = {
  readonly vault: Pick<Vault, 'get' | 'put'>;
  readonly clock: () => Date;
  /** Milliseconds by a clock that never steps back. */
  readonly monotonic: () => number;
  readonly newId: () => string;
};

/**
 * The keys that sign access tokens, in the vault, the same for all processes. Who finds that it is time puts another one beside them;
 * of several who find it at once, the vault takes the first.
 */
export const openSigningKeys = ({ vault, clock, monotonic, newId }: Dependencies) => {
  let loaded: Loaded | undefined;
  let loading: Promise<Loaded> | undefined;

  /** The keys in the vault, with another one where it is time. */
  const load = async (): Promise<readonly Kept[]> => {
    const found = await vault.get(box);
    const now = clock().getTime();
    const keys = found ? z.array(keySchema).parse(JSON.parse(found.value.toString())) : [];
    const newest = keys.at(-1);
    if (newest && now < newest.from + keyTimes.signsFor - keyTimes.toldBefore) return keys;
    const made = await madeKey(newId(), newest ? now + keyTimes.toldBefore : now);
    const next = [...current(keys, now), made];
    try {
      await vault.put(box, Buffer.from(JSON.stringify(next)), found?.version ?? 0);
      return next;
    } catch (error) {
      if (error instanceof VaultConflict) return load();
      throw error;
    }
  };

  const look = (): Promise<Loaded> =>
    (loading ??= load()
      .then((keys) => (loaded = { at: monotonic(), keys, imported: new Map() }))
      .finally(() => (loading = undefined)));

  /** As of so many ms ago at most. While the vault is away, what is known is as it was. */
  const known = async (age: number): Promise<Loaded> => {
    const last = loaded;
    if (last && monotonic() - last.at < age) return last;
    try {
      return await look();
    } catch (error) {
      if (!last || !(error instanceof VaultUnavailable)) throw error;
      return (loaded = { ...last, at: monotonic() });
    }
  };

  const imported = ({ imported: of }: Loaded, { kid, jwk: { d: _, ...open }, jwk }: Kept, secret: boolean) => {
    const name = `${kid} ${secret}`;
    const key = of.get(name) ?? jose().then(({ importJWK }) => importJWK(secret ? jwk : open, 'EdDSA'));
    of.set(name, key);
    return key;
  };

  return {
    /** The key that signs now. */
    signing: async (): Promise<SigningKey> => {
      const all = await known(freshFor.usual);
      const now = clock().getTime();
      const key = all.keys.findLast(({ from }) => from <= now) ?? all.keys[0];
      if (!key) throw new Error('The vault has no key that signs tokens');
      return { kid: key.kid, key: await imported(all, key, true) };
    },
    /** The key that checks what a key of that id has signed. Of an id that is not known the vault is asked now and then. */
    checking: async (kid: string): Promise<ImportedKey | undefined> => {
      for (const age of [freshFor.usual, freshFor.unknown]) {
        const all = await known(age);
        const key = current(all.keys, clock().getTime()).find((each) => each.kid === kid);
        if (key) return imported(all, key, false);
      }
      return undefined;
    },
    /** What others check tokens with, as RFC 7517 writes it. */
    told: async (): Promise<readonly JWK[]> => {
      const all = await known(freshFor.usual);
      return current(all.keys, clock().getTime()).map(publicOf);
    },
  };
};
export type SigningKeys = ReturnType<typeof openSigningKeys>;
