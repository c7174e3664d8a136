import type { VaultLocation } from '../../config/store-location.ts';
import type { Boxes } from './boxes.ts';
import type { MasterKeys, Vault } from './vault.ts';
import { vaultOver } from './vault.ts';

const boxesAt = async (location: VaultLocation): Promise<Boxes> =>
  location.scheme === 'sqlite'
    ? (await import('./sqlite/boxes.ts')).openSqliteBoxes(location.path)
    : (await import('./mongodb/boxes.ts')).openMongoBoxes(location.url);

/** Opens the vault at a location. The client that is not used is not loaded. */
export const openVault = async (location: VaultLocation, keys: MasterKeys): Promise<Vault> =>
  vaultOver(await boxesAt(location), keys);
