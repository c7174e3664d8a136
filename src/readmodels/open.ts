import type { ReadModelsLocation } from '../config/store-location.ts';
import type { ReadModels } from './read-models.ts';
import type { Opening } from './sqlite/connection.ts';

/** How long who only reads waits for an answer of a server, in ms: a check of minutes is not to end with one slow answer. */
const PATIENCE = 30_000;

const open = async (location: ReadModelsLocation, opening: Opening): Promise<ReadModels> =>
  location.scheme === 'sqlite'
    ? (await import('./sqlite/read-models.ts')).openSqliteReadModels(location.path, opening)
    : (await import('./mongodb/read-models.ts')).openMongoReadModels(
        location.url,
        opening.readOnly ? { readTimeout: PATIENCE } : {},
      );

/**
 * Opens the read models at a location. The client that is not used is not loaded. Who makes them gives `deleted`, which is called
 * when their file is gone and has to be made again.
 */
export const openReadModels = (location: ReadModelsLocation, deleted?: () => void): Promise<ReadModels> =>
  open(location, deleted ? { deleted } : {});

/** Opens the read models at a location to be read: a file refuses to be written to. */
export const openDocumentReader = (location: ReadModelsLocation): Promise<ReadModels> =>
  open(location, { readOnly: true });
