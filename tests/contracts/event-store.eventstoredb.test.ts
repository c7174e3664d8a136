import { afterAll } from 'vitest';
import { openEventStoreDB } from '../../src/eventstore/eventstoredb/store.ts';
import { realEventStoreDB } from '../support/eventstoredb-real.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { ran } from '../support/ran.ts';
import { eventStoreContract } from './event-store.ts';

const contractOn = (name: string, url: string): void => {
  ran(`event store: ${name}`);
  eventStoreContract(name, async () => {
    const stores = [openEventStoreDB(url)];
    const closeAll = () => Promise.all(stores.map((store) => store.close()));
    return {
      store: stores[0]!,
      reopen: async () => {
        await closeAll();
        const again = openEventStoreDB(url);
        stores.push(again);
        return again;
      },
      dispose: async () => void (await closeAll()),
    };
  });
};

const standin = await startEventStoreStandin();
afterAll(() => standin.stop());
contractOn('EventStoreDB client over the stand-in', standin.url);

// No real server is at hand on every machine; what ran is told at the end of the run.
const real = await realEventStoreDB();
if (real) {
  afterAll(() => real.stop());
  contractOn(`EventStoreDB (${real.from})`, real.url);
}
