import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../../src/invariants/check.ts';
import { halves, whole } from '../../src/invariants/parts.ts';
import { checksInThreads, partsFor } from '../../src/invariants/thread.ts';
import { projections } from '../../src/projections/index.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { openWith } from '../support/engine.ts';
import { standard } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const clock = (): Date => noon;
const entry = new URL('../../src/invariants/thread-entry.ts', import.meta.url);

const checksOver = (folder: string, running = entry) =>
  checksInThreads({
    entry: running,
    parts: halves,
    clock,
    live: true,
    checkpoints: [],
    positions: async () => ({}),
    eventStore: { scheme: 'sqlite', path: join(folder, 'events.db') },
    readModels: { scheme: 'sqlite', path: join(folder, 'read-models.db') },
  });

/** A thread that never answers, and as long as it runs accepts connections; that of the other half fails once this is so. */
const failing = (socket: string): string => `
  import { connect, createServer } from 'node:net';
  import { parentPort, workerData } from 'node:worker_threads';
  const again = () => connect(${JSON.stringify(socket)}).on('error', () => setTimeout(again, 5)).on('connect', () => {
    parentPort.postMessage({ error: { name: 'ReadModelsUnavailable', message: 'The disk is away' } });
  });
  if (workerData.part.from === undefined) createServer().listen(${JSON.stringify(socket)});
  else again();`;

const folder = (): string => mkdtempSync(join(tmpdir(), 'leadfold-checks-'));

describe('Threads that check', () => {
  it('say that the log is away, and check again when it is back', async () => {
    const place = folder();
    const checks = checksOver(place);
    await expect(checks.check()).rejects.toThrow(StoreUnavailable);
    const store = openSqliteEventStore(join(place, 'events.db'), { clock });
    expect(await checks.check()).toMatchObject({ status: 'healthy', position: 0, checkedAt: noon.toISOString() });
    await store.close();
    rmSync(place, { recursive: true });
  });

  it('check one thing after the other for those who ask for different ones, and break off when they are stopped', async () => {
    const place = folder();
    const store = openSqliteEventStore(join(place, 'events.db'), { clock });
    const checks = checksOver(place);
    const [all, same, mine] = [checks.check(), checks.check(), checks.check('acme')];
    expect(same).toBe(all);
    expect((await all).projectId).toBeUndefined();
    expect((await mine).projectId).toBe('acme');
    const broken = checks.check();
    await checks.stop();
    await expect(broken).rejects.toThrow(StoreUnavailable);
    await expect(checks.check()).rejects.toThrow('stopping');
    await store.close();
    rmSync(place, { recursive: true });
  });

  it('end all when one fails', async () => {
    const place = folder();
    const [socket, running] = [join(place, 'alive'), join(place, 'failing.mjs')];
    writeFileSync(running, failing(socket));
    const checks = checksOver(place, pathToFileURL(running));
    await expect(checks.check()).rejects.toThrow(new ReadModelsUnavailable('The disk is away'));
    const [error] = await once(connect(socket), 'error');
    expect(error).toMatchObject({ syscall: 'connect' });
    rmSync(place, { recursive: true });
  });
});

it.each([
  ['a short log', { leads: 12, history: 5_000 }, 2, [whole]],
  ['a long log', { leads: 12, history: 5_001 }, 2, halves],
  ['a log of which nothing is known', {}, 2, halves],
  ['a long log on a machine with one core', { history: 1_000_000 }, 1, [whole]],
])('%s is checked in as many threads as are worth their start', (_, positions, cores, parts) => {
  expect(partsFor(positions, cores)).toEqual(parts);
});

describe('Checkpoints that stand still', () => {
  it('are told, and are not waited for in vain again and again', async () => {
    const store = await openWith(standard);
    const readModels = openSqliteReadModels(':memory:');
    await readModels.prepare(projections);
    const head = await store.head();
    await readModels.saveCheckpoint('dashboard', head);
    const waited = { times: 0 };
    const pause = async (): Promise<void> => {
      waited.times += 1;
    };
    const checkpoints = projections.map(({ name }) => name);
    const asked = { checkpoints, live: true, told: { [checkpoints.at(-1) ?? '']: head } };
    const report = await checkInvariants({ store, readModels }, asked, { now: clock, sleep: pause });
    expect(report).toMatchObject({ status: 'violated', position: 0 });
    const last = report.invariants.at(-1);
    expect(last).toMatchObject({ id: 10, checked: checkpoints.length, violations: checkpoints.length - 2 });
    expect(last?.examples[0]?.why).toBe(`the checkpoint of leads stays at 0, the log is at ${head}`);
    expect(waited.times).toBeLessThan(1_000);
    await readModels.close();
    await store.close();
  });
});
