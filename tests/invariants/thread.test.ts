import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../../src/invariants/check.ts';
import { checksInThreads } from '../../src/invariants/thread.ts';
import { projections } from '../../src/projections/index.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite.ts';
import { openWith } from '../support/engine.ts';
import { standard } from '../support/facts.ts';
import { noon } from '../support/given.ts';

const clock = (): Date => noon;
const entry = new URL('../../src/invariants-worker.ts', import.meta.url);

const checksOver = (folder: string) =>
  checksInThreads({
    ...{ entry, clock, live: true, checkpoints: [], positions: async () => ({}) },
    events: { scheme: 'sqlite', path: join(folder, 'events.db') },
    documents: { scheme: 'sqlite', path: join(folder, 'read-models.db') },
  });

const folder = (): string => mkdtempSync(join(tmpdir(), 'leadfold-checks-'));

describe('A thread that checks', () => {
  it('says that the log is away, and checks again when it is back', async () => {
    const place = folder();
    const checks = checksOver(place);
    await expect(checks.check()).rejects.toThrow(StoreUnavailable);
    const store = openSqliteEventStore(join(place, 'events.db'), { clock });
    expect(await checks.check()).toMatchObject({ status: 'healthy', position: 0, checkedAt: noon.toISOString() });
    await store.close();
    rmSync(place, { recursive: true });
  });

  it('checks one thing after the other for those who ask for different ones, and breaks off when it is stopped', async () => {
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
    const report = await checkInvariants({ store, readModels }, asked, { now: clock, pause });
    expect(report).toMatchObject({ status: 'violated', position: 0 });
    const last = report.invariants.at(-1);
    expect(last).toMatchObject({ id: 10, checked: checkpoints.length, violations: checkpoints.length - 2 });
    expect(last?.examples[0]?.why).toBe(`the checkpoint of leads stays at 0, the log is at ${head}`);
    expect(waited.times).toBeLessThan(1_000);
    await readModels.close();
    await store.close();
  });
});
