import { expect, it, onTestFinished } from 'vitest';
import { openTestApp } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { sendingHere, withEndpoints } from '../support/endpoints.ts';
import { startEventStoreStandin } from '../support/eventstoredb-standin.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';
import { masterKey } from '../support/stand-in-processes.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

const leads = 10;
const types = ['lead.captured', 'lead.qualified'];

/** The stores say when facts were recorded, by the clock of this machine. */
const clock = { now: () => new Date(), forward: () => undefined };

/** A receiver that takes a while, and knows what it was told while the same was still being told. */
const openSlowReceiver = async () => {
  const [underway, ids]: [Set<string>, string[]] = [new Set(), []];
  const atOnce: string[] = [];
  const receiver = await openReceiver(({ headers }, _, response) => {
    const id = String(headers['webhook-id']);
    ids.push(id);
    if (underway.has(id)) atOnce.push(id);
    underway.add(id);
    response.once('close', () => underway.delete(id));
    setTimeout(() => response.end(), 15);
  });
  return { ...receiver, ids, atOnce };
};

/** The stores of many processes, over the stand-ins. */
const openStores = async () => {
  const [events, documents] = [await startEventStoreStandin(), await startMongoStandin()];
  onTestFinished(async () => {
    await events.stop();
    await documents.stop();
  });
  return {
    EVENT_STORE: `${events.url}&defaultDeadline=20000`,
    READ_MODELS: `${documents.url}/leadfold`,
    LEADFOLD_MASTER_KEY: masterKey,
  };
};

it('Of two workers one sends at a time, each attempt once, and the other goes on where that one ends', async () => {
  const env = { ...(await openStores()), ...sendingHere('50ms,50ms') };
  await using receiver = await openSlowReceiver();
  await using other = await openTestApp({ env, clock });
  const one = await openTestApp({ env, clock });
  const { add, project, path } = await withEndpoints(other);
  await add(receiver.port, { types });
  const qualify = async (round: number): Promise<void> => {
    const events = Array.from({ length: leads }, (_, n) => ({
      userId: `u${round}-${n}`,
      eventType: 'contract_signed',
    }));
    mustBe(await project.batch(events), 200);
  };
  const pending = async (): Promise<number> => (await project.all(`${path}/deliveries?limit=200&state=pending`)).length;
  for (const round of [0, 1]) {
    await qualify(round);
    const before = receiver.ids.length;
    await expect.poll(() => receiver.ids.length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(before + 5);
    // Whichever of them sends, the second round goes on in the one that is left.
    if (round === 0) await one.close();
  }
  await expect.poll(pending, { timeout: 60_000, interval: 100 }).toBe(0);
  const made: readonly Json[] = await project.all(`${path}/deliveries?limit=200`);
  expect(new Set(made.map(({ webhookId }: Json) => webhookId))).toEqual(new Set(receiver.ids));
  expect(made.filter(({ state, attempted }: Json) => state !== 'succeeded' || attempted !== 1)).toEqual([]);
  expect(made.length).toBeGreaterThan(leads * 3);
  expect([receiver.atOnce, receiver.ids.length]).toEqual([[], made.length]);
}, 120_000);
