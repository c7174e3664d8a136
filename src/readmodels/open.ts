import { openMongoReadModels } from './mongodb.ts';
import type { ReadModels } from './read-models.ts';
import { openSqliteReadModels } from './sqlite.ts';

/** Where the read models are: a file of this machine, or a MongoDB by its connection string. */
export type ReadModelsHome =
  { readonly scheme: 'sqlite'; readonly path: string } | { readonly scheme: 'mongodb'; readonly url: string };

/** Opens the read models of a home. */
export const openReadModels = (home: ReadModelsHome): ReadModels =>
  home.scheme === 'sqlite' ? openSqliteReadModels(home.path) : openMongoReadModels(home.url);

/** Opens the read models of a home to be read: a file refuses to be written to. */
export const openDocumentReader = (home: ReadModelsHome): ReadModels =>
  home.scheme === 'sqlite' ? openSqliteReadModels(home.path, { readOnly: true }) : openMongoReadModels(home.url);
