import type { ReadModels } from './read-models.ts';

/** Where the read models are: a file of this machine, or a MongoDB by its connection string. */
export type ReadModelsHome =
  { readonly scheme: 'sqlite'; readonly path: string } | { readonly scheme: 'mongodb'; readonly url: string };

const open = async (home: ReadModelsHome, readOnly: boolean): Promise<ReadModels> =>
  home.scheme === 'sqlite'
    ? (await import('./sqlite.ts')).openSqliteReadModels(home.path, { readOnly })
    : (await import('./mongodb.ts')).openMongoReadModels(home.url);

/** Opens the read models of a home. The client that is not used is not loaded. */
export const openReadModels = (home: ReadModelsHome): Promise<ReadModels> => open(home, false);

/** Opens the read models of a home to be read: a file refuses to be written to. */
export const openDocumentReader = (home: ReadModelsHome): Promise<ReadModels> => open(home, true);
