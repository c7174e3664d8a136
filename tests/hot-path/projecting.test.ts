import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { reactors } from '../../src/reactors/index.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import type { Key } from '../../src/readmodels/collection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { facts, followUntil } from '../contracts/event-store.ts';
import { allocated } from '../support/allocated.ts';
import { openTestApp } from '../support/app.ts';
import { openLog } from '../support/engine.ts';
import {
  activity,
  activityRecorded,
  anonymousId,
  idOf,
  leadCaptured,
  leadScored,
  projectId,
} from '../support/facts.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Looks on while SQLite reads pages of a log: how many rows were taken at a time. */
const rowsRead = (): (() => readonly number[]) => {
  const taken: number[] = [];
  const all = Reflect.get(StatementSync.prototype, 'all');
  vi.spyOn(StatementSync.prototype, 'all').mockImplementation(function (this: StatementSync, ...values) {
    const rows: ReturnType<typeof all> = Reflect.apply(all, this, values);
    if (/ data, .* FROM events WHERE position/.test(this.sourceSQL)) taken.push(rows.length);
    return rows;
  });
  return () => taken;
};

/** Read models that say what was loaded and saved, by collection. */
const counting = (readModels: ReadModels) => {
  const loads: Record<string, string[][]> = {};
  const saves: Record<string, string[][]> = {};
  const note = (calls: Record<string, string[][]>, name: string, keys: readonly Key[]) =>
    void (calls[name] ??= []).push(keys.map(({ id }) => id));
  const counted: ReadModels = {
    ...readModels,
    load: (collection, keys) => {
      note(loads, collection.name, keys);
      return readModels.load(collection, keys);
    },
    save: (collection, documents, checkpoint) => {
      note(saves, collection.name, documents);
      return readModels.save(collection, documents, checkpoint);
    },
  };
  return { counted, loads, saves };
};

const openCounted = () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-hot-path-'));
  const readModels = openSqliteReadModels(join(folder, 'read-models.db'));
  const store = openLog();
  onTestFinished(async () => {
    await readModels.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return { store, ...counting(readModels) };
};

/** So many visits of a visitor as facts of its lead. */
const visits = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => {
    const eventId = `e${first + index}`;
    const because = [{ rule: 'page_view', points: 1, eventId }];
    return [activityRecorded(activity({ eventId })), leadScored({ because })];
  }).flat();

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
const inLog = (events: ReturnType<typeof visits>, stream: string) =>
  events.map((event, index) => ({ ...event, id: `${stream}-${index}`, metadata }));

describe('Followers of one log', () => {
  it('share what one of them has read, when they want the same', async () => {
    const store = openSqliteEventStore(':memory:', { clock: () => new Date(0) });
    onTestFinished(() => store.close());
    await store.append('s-1', -1, facts(2_500));
    const rows = rowsRead();
    const wanted = { streams: ['s-'], types: ['Counted'] };
    const toTheEnd = () => followUntil(store, 0, (seen) => seen.at(-1)?.position === 2_500, { ...wanted });
    const [one = [], ...others] = await Promise.all([toTheEnd(), toTheEnd(), toTheEnd()]);
    // One more than a page has tells that there are more: of three pages two have one.
    expect(rows().reduce((sum, taken) => sum + taken)).toBe(2_502);
    expect(one.flatMap(({ events }) => events)).toHaveLength(2_500);
    for (const other of others) expect(other[2]?.events[499]).toBe(one[2]?.events[499]);
  });

  it('take nothing of what they do not want', async () => {
    const store = openSqliteEventStore(':memory:', { clock: () => new Date(0) });
    onTestFinished(() => store.close());
    await store.append('s-1', -1, facts(2_500));
    const rows = rowsRead();
    for (const wanted of [{ streams: ['t-'] }, { types: ['Rare'] }])
      await followUntil(store, 0, (seen) => seen.at(-1)?.position === 2_500, wanted);
    expect(rows().filter((taken) => taken > 0)).toEqual([]);
  });
});

describe('The projections', () => {
  it('write each document once for all facts of a batch, and look once for those they do not know', async () => {
    const { store, counted, loads, saves } = openCounted();
    const leads = ['a', 'b', 'c'].map((value) => anonymousId(value));
    for (const identifier of leads) {
      const stream = `lead-${projectId}.${idOf(identifier)}`;
      const captured = leadCaptured({ leadId: idOf(identifier), identifier });
      await store.append(stream, -1, [{ ...captured, id: stream, metadata }]);
      await store.append(stream, 0, inLog(visits(100), stream));
    }
    const running = await runProjections({ store, readModels: counted, now: () => new Date() });
    onTestFinished(() => running.stop());
    await running.reached(await store.head());

    expect(saves['leads']).toEqual([leads.map(idOf)]);
    // Many documents are written in portions, each once.
    expect(saves['history']?.map((ids) => ids.length)).toEqual([250, 50]);
    expect(new Set(saves['history']?.flat()).size).toBe(300);
    expect(saves['dashboard']?.map((ids) => ids.length)).toEqual([4]);
    expect(saves['lead-traces']?.map((ids) => ids.length)).toEqual([3]);
    expect(Object.keys(saves).sort()).toEqual(['dashboard', 'history', 'lead-traces', 'leads']);
    // What a fact makes whatever was there is not looked up.
    expect(Object.keys(loads).sort()).toEqual(['dashboard', 'lead-traces']);
  });

  it('allocate about 25 kB for each activity of known leads', async () => {
    const { store, counted } = openCounted();
    const stream = `lead-${projectId}.${idOf(anonymousId())}`;
    await store.append(stream, -1, [{ ...leadCaptured(), id: 'first', metadata }]);
    const running = await runProjections({ store, readModels: counted, now: () => new Date() });
    onTestFinished(() => running.stop());
    const some = async (batch: number): Promise<void> => {
      const events = visits(100, 100 * batch).map((event, index) => ({ ...event, id: `${batch}-${index}`, metadata }));
      await store.append(stream, 200 * batch, events);
      await running.reached(await store.head());
    };
    for (let batch = 0; batch < 5; batch++) await some(batch);
    const measure = (first: number) => async (): Promise<void> => {
      for (let batch = first; batch < first + 10; batch++) await some(batch);
    };
    // What other tests left behind in the same process only adds to what is counted.
    const least = Math.min(await allocated(measure(5)), await allocated(measure(15)), await allocated(measure(25)));
    expect(least / 1_000).toBeLessThan(29_000);
  });

  it('do not read again what they had in hand a batch ago', async () => {
    const { store, counted, loads, saves } = openCounted();
    const stream = `lead-${projectId}.${idOf(anonymousId())}`;
    await store.append(stream, -1, [{ ...leadCaptured(), id: 'first', metadata }]);
    const running = await runProjections({ store, readModels: counted, now: () => new Date() });
    onTestFinished(() => running.stop());
    await running.reached(1);
    for (let batch = 0; batch < 5; batch += 1) {
      await store.append(stream, 2 * batch, inLog(visits(1, batch), `${stream}-${batch}`));
      await running.reached(await store.head());
    }
    // Once when it came again; that of the lead was not looked for when it was new.
    expect(loads['leads']).toHaveLength(1);
    expect(loads['dashboard']).toHaveLength(2);
    expect(saves['leads']).toHaveLength(6);
  });
});

describe('A batch of visits of leads that are known', () => {
  /** What SQLite is asked for while one is projected: statements by how they begin, and transactions. */
  const asked = async () => {
    const { store, counted } = openCounted();
    const streams = ['a', 'b', 'c'].map((value) => `lead-${projectId}.${idOf(anonymousId(value))}`);
    for (const [index, stream] of streams.entries()) {
      const identifier = anonymousId(['a', 'b', 'c'][index] ?? '');
      const captured = leadCaptured({ leadId: idOf(identifier), identifier });
      await store.append(stream, -1, [{ ...captured, id: stream, metadata }]);
    }
    const running = await runProjections({ store, readModels: counted, now: () => new Date() });
    onTestFinished(() => running.stop());
    const visit = async (nth: number): Promise<void> => {
      for (const stream of streams) await store.append(stream, 2 * nth, inLog(visits(1, nth), `${stream}-${nth}`));
      await running.reached(await store.head());
    };
    await running.reached(await store.head());
    for (let nth = 0; nth < 3; nth++) await visit(nth);
    const statements: string[] = [];
    for (const method of ['run', 'get', 'all'] as const) {
      const real = Reflect.get(StatementSync.prototype, method);
      vi.spyOn(StatementSync.prototype, method).mockImplementation(function (this: StatementSync, ...values) {
        if (this.sourceSQL.includes('"docs.')) statements.push(this.sourceSQL.replace(/\s+/g, ' '));
        return Reflect.apply(real, this, values);
      });
    }
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
    await visit(3);
    const commits = exec.mock.calls.filter(([sql]) => sql === 'COMMIT').length;
    return { commits, of: (name: string) => statements.filter((sql) => sql.includes(`"docs.${name}"`)) };
  };

  it('is written in one transaction, by one statement for each document, and nothing is looked up', async () => {
    const { commits, of } = await asked();
    // The log in memory commits each of the three appends; the projections may begin before the last of them.
    expect(commits - 3).toBeLessThanOrEqual(3);
    expect(of('history')).toHaveLength(3);
    for (const sql of of('history')) expect(sql).toMatch(/^INSERT INTO/);
    expect(of('leads')).toHaveLength(3);
    // The time and the score did not change, so no index is touched.
    for (const sql of of('leads'))
      expect(sql).toBe(
        'UPDATE "docs.leads" SET "position" = ?, "doc" = ? WHERE project = ? AND id = ? AND position = ?',
      );
  });
});

describe('The reactors', () => {
  it('read no event that they do not want, and do not save each time that there was none', async () => {
    await using app = await openTestApp();
    const project = await app.project();
    await project.send({ eventType: 'page_view', anonymousId: 'visitor' });
    await app.settled();
    const rows = rowsRead();
    const exec = vi.spyOn(DatabaseSync.prototype, 'exec');
    const began = performance.now();
    for (let n = 0; n < 100; n += 1) {
      await project.send({ eventType: 'page_view', anonymousId: `visitor-${n}` });
      if (n % 10 === 0) await app.settled();
    }
    await app.settled();
    const seconds = Math.ceil((performance.now() - began) / 1_000);

    expect(rows()).toEqual([]);
    // Each of the reactors may save how far it has come, once a second and once more at the end. Counted is what was
    // committed: while the projections write, a transaction is begun in vain every millisecond or two.
    const transactions = exec.mock.calls.filter(([sql]) => sql === 'COMMIT');
    expect(transactions.length).toBeLessThanOrEqual(reactors.length * (seconds + 1));
  });
});
