import { randomUUID } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { VaultUnavailable } from '../../src/outside/vault/boxes.ts';
import { openMongoBoxes } from '../../src/outside/vault/mongodb/boxes.ts';
import { vaultOver } from '../../src/outside/vault/vault.ts';
import { realMongo, withDatabase } from '../support/mongodb-real.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { ran } from '../support/ran.ts';
import { vaultContract } from './vault.ts';

const contractOn = (name: string, server: string): void => {
  ran(`vault: ${name}`);
  vaultContract(name, async () => {
    const url = withDatabase(server, `leadfold-test-${randomUUID()}`);
    return {
      open: async () => openMongoBoxes(url),
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

it('A vault whose server is away says so within 2 s, without the password, and is there when the server is', async () => {
  const server = await startMongoStandin();
  onTestFinished(() => server.stop().catch(() => undefined));
  const url = withDatabase(server.url, 'vault');
  const vault = vaultOver(openMongoBoxes(url), { current: Buffer.alloc(32, 7) });
  onTestFinished(() => vault.close());
  await vault.put('a', Buffer.from('secret'), 0);
  await server.stop();
  const begun = performance.now();
  await expect(vault.get('a')).rejects.toThrow(VaultUnavailable);
  expect(performance.now() - begun).toBeLessThan(3_000);
  await server.start();
  expect((await vault.get('a'))?.value).toEqual(Buffer.from('secret'));
});
