import { loadConfig } from '../config/config.ts';
import { VaultUnavailable } from '../outside/vault/boxes.ts';
import { DamagedBox } from '../outside/vault/sealing.ts';
import { openVault } from '../outside/vault/open.ts';
import { VaultLocked } from '../outside/vault/vault.ts';
import { CommandFailed } from './command-failed.ts';

/** Why the vault can't be sealed again, where that is known. */
const isKnown = (error: unknown): error is Error =>
  error instanceof VaultUnavailable || error instanceof VaultLocked || error instanceof DamagedBox;

/**
 * Seals all of the vault with the master key that the settings give, also while a service uses it. Resolves with the exit code: 0,
 * as what somebody changed meanwhile was sealed with it. Rejects with `CommandFailed` when a box can't be opened or reached.
 */
export const reseal = async (): Promise<number> => {
  const config = loadConfig();
  try {
    const vault = await openVault(config);
    try {
      await vault.check();
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
