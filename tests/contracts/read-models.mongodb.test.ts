import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll } from 'vitest';
import { openMongoReadModels } from '../../src/readmodels/mongodb/read-models.ts';
import { realMongo, withDatabase } from '../support/mongodb-real.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { ran } from '../support/ran.ts';
import { readModelsContract } from './read-models.ts';

const contractOn = (name: string, server: string): void => {
  ran(`read models: ${name}`);
  readModelsContract(name, async () => {
    const url = withDatabase(server, `leadfold-test-${randomUUID()}`);
    return {
      open: () => openMongoReadModels(url),
      remove: async () => {
        await using client = new MongoClient(url);
        await client.db().dropDatabase();
      },
    };
  });
};

const standin = await startMongoStandin();
afterAll(() => standin.stop());
contractOn('MongoDB client over the stand-in', standin.url);

// No real server is at hand on every machine; what ran is told at the end of the run.
const real = await realMongo();
if (real) {
  afterAll(() => real.stop());
  contractOn(`MongoDB (${real.from})`, real.url);
}
