import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Deletes the read models of a server's folder, whether it runs or not. */
export const removeReadModels = (dataDir: string): void => {
  for (const file of globSync('read-models.db*', { cwd: dataDir })) rmSync(join(dataDir, file), { force: true });
};
