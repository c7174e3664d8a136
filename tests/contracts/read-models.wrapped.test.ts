import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serving } from '../../src/readmodels/generations.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { openInstruments } from '../../src/telemetry/instruments.ts';
import { measuredReadModels } from '../../src/telemetry/measured-read-models.ts';
import { readModelsContract } from './read-models.ts';
import { people } from './read-models/people.ts';

// What wraps read models passes each method on by hand, so each has to arrive at its own.
readModelsContract('SQLite, measured and by the generation that answers', async () => {
  const path = await mkdtemp(join(tmpdir(), 'read-models-'));
  return {
    open: (options) => {
      const readModels = openSqliteReadModels(join(path, 'read-models.db'), options);
      return serving(measuredReadModels(readModels, openInstruments()), [people.name], { maxAge: 0 });
    },
    remove: () => rm(path, { recursive: true }),
  };
});
