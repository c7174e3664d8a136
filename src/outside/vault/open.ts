import { join } from 'node:path';
import { masterKeyIn } from '../../config/key-files.ts';
import type { VaultLocation } from '../../config/store-location.ts';
import type { Boxes } from './boxes.ts';
import type { Vault } from './vault.ts';
import { vaultOver } from './vault.ts';

type Settings = {
  readonly vault: VaultLocation;
  /** What seals; else a key of the data folder, which is made when there is none. */
  readonly masterKey?: Buffer;
  readonly previousMasterKey?: Buffer;
  readonly dataDir: string;
};

const boxesAt = async (location: VaultLocation): Promise<Boxes> =>
  location.scheme === 'sqlite'
    ? (await import('./sqlite/boxes.ts')).openSqliteBoxes(location.path)
    : (await import('./mongodb/boxes.ts')).openMongoBoxes(location.url);

/**
 * Opens the vault of these settings; the client that is not used is not loaded. A file is looked at now: throws `VaultLocked` where
 * other keys than these sealed some of it.
 */
export const openVault = async ({
  vault: location,
  masterKey,
  previousMasterKey,
  dataDir,
}: Settings): Promise<Vault> => {
  const current = masterKey ?? masterKeyIn(join(dataDir, 'master-key'));
  const boxes = await boxesAt(location);
  const vault = vaultOver(boxes, { current, ...(previousMasterKey && { previous: previousMasterKey }) });
  if (location.scheme === 'sqlite') await vault.check();
  return vault;
};
