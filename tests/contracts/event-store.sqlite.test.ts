import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { ran } from '../support/ran.ts';
import { eventStoreContract } from './event-store.ts';

ran('event store: SQLite');
const clock = () => new Date('2026-03-01T12:00:00Z');

eventStoreContract('The SQLite event store on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leadfold-'));
  const stores = [openSqliteEventStore(join(folder, 'events.db'), { clock })];
  const closeAll = () => Promise.all(stores.map((store) => store.close()));
  return {
    store: stores[0]!,
    reopen: async () => {
      await closeAll();
      const again = openSqliteEventStore(join(folder, 'events.db'), { clock });
      stores.push(again);
      return again;
    },
    dispose: async () => {
      await closeAll();
      await rm(folder, { recursive: true });
    },
  };
});

const inMemory = async () => {
  const store = openSqliteEventStore(':memory:', { clock });
  return { store, dispose: () => store.close() };
};
eventStoreContract('The SQLite event store in memory', inMemory, false);
