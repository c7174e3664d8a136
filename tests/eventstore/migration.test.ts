import { expect, test } from 'vitest';
import { copyLog, summarize } from '../../src/eventstore/migration.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { fact, facts } from '../contracts/event-store.ts';
import { factsIn } from '../support/facts-in.ts';

const then = new Date('2026-01-05T10:00:00.000Z');
const silent = (): void => undefined;
const open = (clock = () => new Date()): EventStore => openSqliteEventStore(':memory:', { clock });

/** A log with 40 streams, written to in turns, and a stream of somebody else. */
const source = async (): Promise<EventStore> => {
  const store = open(() => then);
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 40; n++) await store.append(`lead-acme.${n}`, round * 2 - 1, facts(2, round * 2));
  }
  await store.append('other-1', -1, [fact(1)]);
  return store;
};

test('a copy has the same facts in the same order in each stream, and knows when they were recorded', async () => {
  const [from, to] = [await source(), open()];
  expect(await copyLog(from, to, silent)).toBe(240);
  const [before, after] = [await factsIn(from, 'lead-acme.7'), await factsIn(to, 'lead-acme.7')];
  expect(after.map(({ id, type, data, revision }) => ({ id, type, data, revision }))).toEqual(
    before.map(({ id, type, data, revision }) => ({ id, type, data, revision })),
  );
  expect(after[0]?.metadata).toEqual({ ...before[0]?.metadata, recordedAt: then.toISOString() });
  expect(await factsIn(to, 'other-1')).toEqual([]);
  const summary = await summarize(from, silent);
  expect(summary.facts).toBe(240);
  expect(await summarize(to, silent)).toEqual(summary);
});

test('a copy that was cut off goes on where it was, and a second one copies nothing', async () => {
  const [from, to] = [await source(), open()];
  let appends = 0;
  const breaking: EventStore = {
    ...to,
    append: async (...args) => {
      appends += 1;
      if (appends > 17) throw new StoreUnavailable('away');
      return to.append(...args);
    },
  };
  await expect(copyLog(from, breaking, silent)).rejects.toThrow('away');
  expect(await copyLog(from, to, silent)).toBe(240 - 17 * 6);
  expect(await copyLog(from, to, silent)).toBe(0);
  expect(await summarize(to, silent)).toEqual(await summarize(from, silent));
});

test('a stream of the target that has other facts is named, and nothing is written to it', async () => {
  const [from, to] = [await source(), open()];
  await to.append('lead-acme.3', -1, [fact(99)]);
  await expect(copyLog(from, to, silent)).rejects.toThrow(
    'lead-acme.3 has other facts in the target, from revision 0 on',
  );
  expect(await factsIn(to, 'lead-acme.3')).toHaveLength(1);
});

test('the hash tells a changed fact', async () => {
  const [one, other] = [await source(), await source()];
  expect((await summarize(one, silent)).hash).not.toBe((await summarize(other, silent)).hash);
});

test('an empty log is copied and summed up', async () => {
  expect(await copyLog(open(), open(), silent)).toBe(0);
  expect(await summarize(open(), silent)).toEqual({ facts: 0, hash: '0'.repeat(64) });
});
