import type { ReadModels } from './read-models.ts';
import type { Opening } from './sqlite/connection.ts';

/** Where the read models are: a file of this machine, or a MongoDB by its connection string. */
export type ReadModelsLocation =
  { readonly scheme: 'sqlite'; readonly path: string } | { readonly scheme: 'mongodb'; readonly url: string };

/** How long who only reads waits for an answer of a server, in ms: a check of minutes is not to end with one slow answer. */
const PATIENCE = 30_000;

const open = async (home: ReadModelsLocation, opening: Opening): Promise<ReadModels> =>
  home.scheme === 'sqlite'
    ? (await import('./sqlite/read-models.ts')).openSqliteReadModels(home.path, opening)
    : (await import('./mongodb/read-models.ts')).openMongoReadModels(
        home.url,
        opening.readOnly ? { readTimeout: PATIENCE } : {},
      );

/**
 * Opens the read models of a home. The client that is not used is not loaded. Who makes them gives `deleted`, which is called
 * when their file is gone and has to be made again.
 */
export const openReadModels = (home: ReadModelsLocation, deleted?: () => void): Promise<ReadModels> =>
  open(home, deleted ? { deleted } : {});

/** Opens the read models of a home to be read: a file refuses to be written to. */
export const openDocumentReader = (home: ReadModelsLocation): Promise<ReadModels> => open(home, { readOnly: true });
