import { LRUCache } from 'lru-cache';
import type { Vault } from './vault.ts';
import { VaultConflict } from './vault.ts';

/** How many secrets are remembered, so that not each webhook asks for its own. What a secret's id stands for never changes. */
const remembered = 1_000;

const nameOf = (ownerId: string, secretId: string): string => `secret/${ownerId}/${secretId}`;

/** The secrets of sources, by their ids, as texts. All reject as the vault does. */
export type Secrets = {
  /** Keeps a secret. The same again changes nothing; another one of the same id rejects with `VaultConflict`. */
  readonly keep: (ownerId: string, secretId: string, secret: string) => Promise<void>;
  readonly get: (ownerId: string, secretId: string) => Promise<string | undefined>;
  readonly remove: (ownerId: string, secretId: string) => Promise<void>;
};

/** Secrets over a vault. */
export const secretsIn = (vault: Vault): Secrets => {
  const known = new LRUCache<string, string>({ maxSize: remembered, sizeCalculation: () => 1 });

  const get = async (ownerId: string, secretId: string): Promise<string | undefined> => {
    const name = nameOf(ownerId, secretId);
    const secret = known.get(name) ?? (await vault.get(name))?.value.toString();
    if (secret !== undefined) known.set(name, secret);
    return secret;
  };

  return {
    get,
    keep: async (ownerId, secretId, secret) => {
      try {
        await vault.put(nameOf(ownerId, secretId), Buffer.from(secret), 0);
      } catch (error) {
        // A retry, after an answer that was lost.
        if (error instanceof VaultConflict && (await get(ownerId, secretId)) === secret) return;
        throw error;
      }
    },
    remove: async (ownerId, secretId) => {
      const name = nameOf(ownerId, secretId);
      await vault.remove(name);
      known.delete(name);
    },
  };
};
