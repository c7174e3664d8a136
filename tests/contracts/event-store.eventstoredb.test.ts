import { BACKWARDS, END } from '@eventstore/db-client';
import { afterAll, expect, vi } from 'vitest';
import { clientFor } from '../../src/eventstore/eventstoredb/client.ts';
import { openEventStoreDB } from '../../src/eventstore/eventstoredb/store.ts';
import { realEventStoreDB } from '../support/eventstoredb-real.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { ran } from '../support/ran.ts';
import { eventStoreContract } from './event-store.ts';

/** Has a server that takes everybody remove what was truncated, and resolves when that is over. */
const scavenged = async (url: string): Promise<void> => {
  const at = `http://${/\/\/(?:[^@/]*@)?([^/?,]+)/.exec(url)?.[1]}`;
  const begun = await fetch(`${at}/admin/scavenge`, { method: 'POST' });
  const { scavengeId } = (await begun.json()) as { scavengeId: string };
  const client = clientFor(url);
  await vi.waitFor(
    async () => {
      const read = client.readStream(`$scavenges-${scavengeId}`, {
        direction: BACKWARDS,
        fromRevision: END,
        maxCount: 1,
      });
      for await (const { event } of read) expect(event?.type).toBe('$scavengeCompleted');
    },
    { timeout: 60_000, interval: 200 },
  );
  await client.dispose();
};

const contractOn = (name: string, url: string, scavenge: () => Promise<void>): void => {
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
      scavenge,
      dispose: async () => void (await closeAll()),
    };
  });
};

const standin = await startEventStoreStandin();
afterAll(() => standin.stop());
contractOn('EventStoreDB client over the stand-in', standin.url, async () => standin.log.scavenge());

// No real server is at hand on every machine; what ran is told at the end of the run.
const real = await realEventStoreDB();
if (real) {
  afterAll(() => real.stop());
  contractOn(`EventStoreDB (${real.from})`, real.url, () => scavenged(real.url));
}
