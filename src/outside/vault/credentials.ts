import type { Vault } from './vault.ts';
import { VaultConflict } from './vault.ts';

/** What the vault has of people: hashes of passwords by their ids, and the tokens of mails that are not sent yet. */
export type Credentials = {
  /** Keeps one, once. */
  readonly keep: (kind: CredentialKind, id: string, text: string) => Promise<void>;
  readonly get: (kind: CredentialKind, id: string) => Promise<string | undefined>;
  readonly remove: (kind: CredentialKind, id: string) => Promise<void>;
};
export type CredentialKind = 'password' | 'mail' | 'session-key';

const nameOf = (kind: CredentialKind, id: string): string => `people/${kind}/${id}`;

/** Credentials over a vault. Nothing is remembered: they change in other processes too. */
export const credentialsIn = (vault: Pick<Vault, 'get' | 'put' | 'remove'>): Credentials => ({
  keep: async (kind, id, text) => void (await vault.put(nameOf(kind, id), Buffer.from(text), 0)),
  get: async (kind, id) => (await vault.get(nameOf(kind, id)))?.value.toString(),
  remove: (kind, id) => vault.remove(nameOf(kind, id)),
});

/** A secret of all processes: the one that is there, or the one that is made when there is none yet. Whoever comes first decides. */
export const sharedSecret = async (
  vault: Pick<Vault, 'get' | 'put'>,
  name: string,
  make: () => Buffer,
): Promise<Buffer> => {
  const found = await vault.get(name);
  if (found) return found.value;
  const made = make();
  try {
    await vault.put(name, made, 0);
    return made;
  } catch (error) {
    if (!(error instanceof VaultConflict)) throw error;
    return sharedSecret(vault, name, make);
  }
};
