import type { Boxes } from './boxes.ts';
import type { SealingKey } from './sealing.ts';
import { seal, sealingKeyOf, unseal } from './sealing.ts';

/** A secret as it is kept. */
export type Secret = { readonly value: Buffer; readonly version: number };

/** How many boxes there were to be sealed again, and how many somebody changed or removed meanwhile. */
export type Resealed = { readonly resealed: number; readonly changed: number };

/**
 * Secrets by name, outside of the log: a truth, to be backed up. Rejects with `VaultUnavailable` while its store is away, and
 * with `VaultLocked` or `DamagedBox` for a box that can't be opened.
 */
export type Vault = {
  get(name: string): Promise<Secret | undefined>;
  /**
   * Keeps a secret in the place of the one of a version, 0 for none. Gives its version; rejects with `VaultConflict` when
   * another one is there. It is durable by then.
   */
  put(name: string, value: Buffer, expectedVersion: number): Promise<number>;
  /** Forgets a secret, if there is one. */
  remove(name: string): Promise<void>;
  /** Rejects with `VaultLocked` when there are boxes that none of the keys opens. */
  check(): Promise<void>;
  /** Seals all boxes with the current key that have another one. Others may read and write meanwhile. */
  reseal(): Promise<Resealed>;
  /** Keeps all secrets in another vault too, but for those that it has one in the place of. Tells how many it took. */
  copyTo(other: Pick<Vault, 'put'>): Promise<number>;
  close(): Promise<void>;
};

/** Somebody else has put or removed the secret since it was read. */
export class VaultConflict extends Error {
  constructor(name: string) {
    super(`The secret ${name} is another one by now; read it again`);
    this.name = 'VaultConflict';
  }
}

/** Boxes were sealed with a master key that is not there. */
export class VaultLocked extends Error {
  constructor(keyIds: readonly string[]) {
    super(
      `LEADFOLD_MASTER_KEY: there are boxes in the vault that were sealed with another key (${keyIds.join(', ')}); give that ` +
        'one, or, while it is changed, give it as LEADFOLD_MASTER_KEY_PREVIOUS',
    );
    this.name = 'VaultLocked';
  }
}

/** The master keys, 32 bytes each: what seals, and what only opens while the former is being changed. */
export type MasterKeys = { readonly current: Buffer; readonly previous?: Buffer };

/** The most bytes of a secret: what is larger is none. */
const largest = 64 * 1024;

/** How many boxes are listed at a time when all are sealed again. */
const page = 100;

/** Seals what goes into boxes and opens what comes out. */
export const vaultOver = (boxes: Boxes, { current, previous }: MasterKeys): Vault => {
  const sealing = sealingKeyOf(current);
  const opening = new Map<string, SealingKey>();
  for (const key of [sealing, ...(previous ? [sealingKeyOf(previous)] : [])]) opening.set(key.id, key);

  const get = async (name: string): Promise<Secret | undefined> => {
    const box = await boxes.get(name);
    if (!box) return undefined;
    const key = opening.get(box.keyId);
    if (!key) throw new VaultLocked([box.keyId]);
    return { value: unseal(key, name, box.sealed), version: box.version };
  };

  const put = async (name: string, value: Buffer, expectedVersion: number): Promise<number | undefined> => {
    if (value.length > largest)
      throw new RangeError(`The secret ${name} has ${value.length} bytes; ${largest} are the most`);
    return boxes.put(name, { sealed: seal(sealing, name, value), keyId: sealing.id }, expectedVersion);
  };

  /** Whether it was sealed again: not when it is another one by now, which its writer has sealed. */
  const resealOne = async (name: string): Promise<boolean> => {
    const secret = await get(name);
    return secret !== undefined && (await put(name, secret.value, secret.version)) !== undefined;
  };

  /** Whether another vault took a secret: not when it has one of that name. */
  const copyOne = async (name: string, other: Pick<Vault, 'put'>): Promise<boolean> => {
    const secret = await get(name);
    if (!secret) return false;
    try {
      await other.put(name, secret.value, 0);
      return true;
    } catch (error) {
      if (error instanceof VaultConflict) return false;
      throw error;
    }
  };

  return {
    get,
    put: async (name, value, expectedVersion) => {
      const version = await put(name, value, expectedVersion);
      if (version === undefined) throw new VaultConflict(name);
      return version;
    },
    remove: (name) => boxes.remove(name),
    check: async () => {
      const locked = (await boxes.keyIds()).filter((id) => !opening.has(id));
      if (locked.length > 0) throw new VaultLocked(locked);
    },
    reseal: async () => {
      let [resealed, changed, after] = [0, 0, ''];
      for (;;) {
        const names = await boxes.namesNotOf(sealing.id, after, page);
        for (const name of names) {
          if (await resealOne(name)) resealed += 1;
          else changed += 1;
        }
        const last = names.at(-1);
        if (last === undefined) return { resealed, changed };
        after = last;
      }
    },
    copyTo: async (other) => {
      let [copied, after] = [0, ''];
      for (;;) {
        // No key is called nothing, so these are all.
        const names = await boxes.namesNotOf('', after, page);
        for (const name of names) copied += Number(await copyOne(name, other));
        const last = names.at(-1);
        if (last === undefined) return copied;
        after = last;
      }
    },
    close: () => boxes.close(),
  };
};
