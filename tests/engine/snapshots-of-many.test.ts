import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { LookupOutcome } from '../../src/engine/snapshots.ts';
import { keepSnapshots } from '../../src/engine/snapshots.ts';
import type { Folded } from '../../src/engine/folded.ts';
import { foldStates } from '../../src/engine/states.ts';
import type { SnapshotFormat } from '../../src/domain/event.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { openMongoReadModels } from '../../src/readmodels/mongodb/read-models.ts';
import { openLog } from '../support/engine.ts';
import { startMongoStandin } from '../support/mongodb-standin.ts';

const plain: SnapshotFormat<string> = {
  version: 1,
  pack: (state) => state,
  unpack: (packed) => z.string().parse(packed),
};
const stream = 'lead-acme.1';

const folded = async (position: number): Promise<Folded<string>> => {
  const log = openLog();
  const empty = await foldStates(log, 1e6).get(lead, 'acme.1');
  await log.close();
  return { ...empty, revision: 99, last: 'x', position, state: `as of ${position}` };
};

const openServer = async () => {
  const server = await startMongoStandin();
  const running = { up: true };
  const stop = async () => {
    if (running.up) await server.stop();
    running.up = false;
  };
  onTestFinished(stop);
  /** A process that keeps its snapshots there. */
  const started = () => {
    const readModels = openMongoReadModels(`${server.url}/leadfold`);
    const looked: LookupOutcome[] = [];
    const snapshots = keepSnapshots(readModels, { onLookup: (each) => looked.push(each), patience: 1_000 });
    onTestFinished(async () => {
      snapshots.stop();
      await readModels.close();
    });
    return { ...snapshots, looked };
  };
  return { started, stop };
};

it('Of two processes that write a snapshot of one stream to one server, what was later stays', async () => {
  const { started } = await openServer();
  const [one, other] = [started(), started()];
  expect(await one.load(stream, plain)).toBeUndefined();
  one.offer(stream, plain, await folded(20));
  other.offer(stream, plain, await folded(10));
  await Promise.all([one.written(), other.written()]);
  expect((await other.load(stream, plain))?.state).toBe('as of 20');

  await one.forget(stream);
  expect(await other.load(stream, plain)).toBeUndefined();
  other.offer(stream, plain, await folded(10));
  await other.written();
  expect((await one.load(stream, plain))?.state).toBe('as of 10');
  expect([...one.looked, ...other.looked].toSorted()).toEqual(['found', 'found', 'none', 'none']);
});

it('While the server is away nothing is found and nothing fails', async () => {
  const { started, stop } = await openServer();
  const one = started();
  one.offer(stream, plain, await folded(1));
  await one.written();
  await stop();
  one.offer(stream, plain, await folded(2));
  const looks = [await one.load(stream, plain), await one.load(stream, plain)];
  expect({ looks, looked: one.looked }).toEqual({ looks: [undefined, undefined], looked: ['skipped', 'skipped'] });
  await one.written();
});
