import { loadConfig } from '../config/config.ts';
import type { VaultLocation } from '../config/store-location.ts';
import { MONGODB, storeLocation } from '../config/store-location.ts';
import { VaultUnavailable } from '../outside/vault/boxes.ts';
import { DamagedBox } from '../outside/vault/sealing.ts';
import { openVault } from '../outside/vault/open.ts';
import type { Vault } from '../outside/vault/vault.ts';
import { VaultLocked } from '../outside/vault/vault.ts';
import { CommandFailed } from './command-failed.ts';

type Options = { readonly from?: string | undefined };

const locationOf = (text: string): VaultLocation => {
  const { success, data, error } = storeLocation('vault.db', MONGODB).safeParse(text);
  if (success && data) return data;
  throw new CommandFailed(`--from ${error?.issues[0]?.message ?? 'names no vault'}`);
};

/** Takes all secrets of a vault over into another one, and tells how many. */
const taken = async (settings: Parameters<typeof openVault>[0], vault: Vault): Promise<number> => {
  const former = await openVault(settings);
  try {
    return await former.copyTo(vault);
  } finally {
    await former.close();
  }
};

/** Why the vault can't be sealed again, where that is known. */
const isKnown = (error: unknown): error is Error =>
  error instanceof VaultUnavailable || error instanceof VaultLocked || error instanceof DamagedBox;

/**
 * Seals all of the vault with the master key that the settings give, also while a service uses it, after it took over what is in
 * another one, if that is named. Resolves with the exit code: 0,
 * as what somebody changed meanwhile was sealed with it. Rejects with `CommandFailed` when a box can't be opened or reached.
 */
export const reseal = async ({ from }: Options): Promise<number> => {
  const config = loadConfig();
  const other = from === undefined ? undefined : locationOf(from);
  try {
    const vault = await openVault(config);
    try {
      await vault.check();
      if (other) console.log(`${await taken({ ...config, vault: other }, vault)} secrets were taken over.`);
      const { resealed, changed } = await vault.reseal();
      const others = changed > 0 ? `; ${changed} were changed by others meanwhile` : '';
      console.log(`${resealed} secrets are sealed with the master key now${others}.`);
      await vault.check();
    } finally {
      await vault.close();
    }
    return 0;
  } catch (error) {
    if (isKnown(error)) throw new CommandFailed(error.message);
    throw error;
  }
};
