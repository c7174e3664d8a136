import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { capture } from '../../src/flows/capture.ts';
import type { Capture } from '../../src/flows/capture-groups.ts';
import { bytesOfCommands } from '../../src/engine/command-index.ts';
import { unrepeatable } from '../../src/engine/command.ts';
import { keepSnapshots } from '../../src/engine/snapshots.ts';
import type { Identifier } from '../../src/domain/identity/identity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { leadStreamId } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openLogFile } from '../../src/eventstore/sqlite/log.ts';
import { committingHere, groupWriter } from '../../src/eventstore/sqlite/writer.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { allocated } from '../support/allocated.ts';
import { pairsIn } from '../support/command-pairs.ts';
import { engineOver, openWith, request } from '../support/engine.ts';
import { activity, anonymousId, idOf, projectId, standard } from '../support/facts.ts';

/** A store that counts how often it is asked. */
const counting = (store: EventStore) => {
  const count = { reads: 0, appends: 0, looks: 0 };
  const counted: EventStore = {
    ...store,
    read: async (...args) => {
      count.reads += 1;
      return store.read(...args);
    },
    append: async (...args) => {
      count.appends += 1;
      return store.append(...args);
    },
  };
  return { store: counted, count };
};

const model = standard;

const nothing = { reads: 0, appends: 0, looks: 0 };

const openCounted = async (maxBytes?: number) => {
  const [log, readModels] = [await openWith(model), openSqliteReadModels(':memory:')];
  const { store, count } = counting(log);
  const snapshots = keepSnapshots(readModels, { onLookup: () => void (count.looks += 1) });
  onTestFinished(async () => {
    snapshots.stop();
    await readModels.close();
    await log.close();
  });
  return { engine: engineOver(store, { snapshots, ...(maxBytes && { maxBytes }) }), count, snapshots };
};

const visitors = Array.from({ length: 20 }, (_, index) => anonymousId(`visitor-${index}`));

const visits = (round: number): readonly Capture[] =>
  visitors.map((visitor, index) => ({
    identifiers: [visitor],
    activity: activity({ eventId: `visit-${round}-${index}` }),
    exactTime: false,
  }));

describe('In the steady state', () => {
  it('an activity of a known lead costs one append and no read', async () => {
    const { engine, count } = await openCounted();
    await capture(engine, projectId, visits(0), request(unrepeatable('first')));
    Object.assign(count, nothing);
    for (let round = 1; round <= 5; round++)
      for (const [index, visit] of visits(round).entries())
        await capture(engine, projectId, [visit], request(unrepeatable(`${round}-${index}`)));
    expect(count).toEqual({ ...nothing, appends: 5 * visitors.length });
  });

  it('an activity that may be sent again costs the same, and 22 bytes are remembered of its command', async () => {
    const { engine, count } = await openCounted();
    const [visitor = anonymousId()] = visitors;
    const some = async (from: number, to: number): Promise<void> => {
      for (let round = from; round < to; round++)
        await capture(engine, projectId, visits(round).slice(0, 1), request(`may-come-again-${round}`));
    };
    await some(0, 1);
    Object.assign(count, nothing);
    await some(1, 400);
    expect(count).toEqual({ ...nothing, appends: 399 });
    const { commands } = await engine.states.get(lead, leadStreamId(projectId, idOf(visitor)));
    expect([pairsIn(commands).length, bytesOfCommands(commands) / 400]).toEqual([400, expect.closeTo(22, -1)]);
  });

  it('an activity copies none of those that its lead has, as its facts are folded once', async () => {
    const { engine } = await openCounted();
    const stream = leadStreamId(projectId, idOf(anonymousId('visitor-0')));
    const kept = async () => (await engine.states.get(lead, stream)).state.activities.kept;
    await capture(engine, projectId, visits(0).slice(0, 1), request(unrepeatable('first')));
    const before = await kept();
    for (let round = 1; round <= 5; round++)
      await capture(engine, projectId, visits(round).slice(0, 1), request(unrepeatable(`${round}`)));
    expect([(await kept()) === before, before.all.length]).toEqual([true, 6]);
  });

  it('an activity of a known lead allocates about 41 kB, its rows in the log and all', async () => {
    const { engine } = await openCounted();
    const some = async (from: number): Promise<void> => {
      for (let round = from; round < from + 20; round++)
        for (const [index, visit] of visits(round).entries())
          await capture(engine, projectId, [visit], request(unrepeatable(`${round}-${index}`)));
    };
    await some(0);
    await some(20);
    const bytes = (await allocated(() => some(40))) / (20 * visitors.length);
    expect(bytes).toBeLessThan(47_000);
  });

  it('all activities of one lead in a batch cost one append', async () => {
    const { engine, count } = await openCounted();
    const [one = visits(0)[0]] = visits(0);
    if (!one) throw new Error('There are no visits');
    await capture(engine, projectId, [one], request(unrepeatable('first')));
    Object.assign(count, nothing);
    const batch = Array.from({ length: 300 }, (_, index) => ({
      ...one,
      activity: activity({ eventId: `more-${index}` }),
    }));
    await capture(engine, projectId, batch, request(unrepeatable('batch')));
    expect(count).toEqual({ ...nothing, appends: 1 });
  });

  it('an activity of a long lead that fell out of memory costs an append, a look for its snapshot and a read of what is new', async () => {
    const { engine, count, snapshots } = await openCounted(100_000);
    const visitsOf = (visitor: Identifier, day: string, times: number) =>
      capture(
        ...([engine, projectId] as const),
        Array.from({ length: times }, (_, index) => ({
          identifiers: [visitor] as const,
          activity: activity({ eventId: `${day}-${index}` }),
          exactTime: false,
        })),
        request(unrepeatable(day)),
      );
    for (const visitor of [anonymousId('one'), anonymousId('other')]) await visitsOf(visitor, 'first', 100);
    await snapshots.written();
    Object.assign(count, nothing);
    await visitsOf(anonymousId('one'), 'next', 1);
    // The project, which each command asks for last, is still there.
    expect(count).toEqual({ reads: 1, appends: 1, looks: 1 });
  });

  it('what nobody can send again is not remembered, and what somebody can is', async () => {
    const { engine } = await openCounted();
    const [first, second] = visits(0);
    if (!first || !second) throw new Error('There are no visits');
    await capture(engine, projectId, [first], request(unrepeatable('nobody')));
    await capture(engine, projectId, [second], request('somebody'));
    const remembered = async (index: number) => {
      const visitor = visitors[index] ?? anonymousId();
      return pairsIn((await engine.states.get(lead, leadStreamId(projectId, idOf(visitor)))).commands).length;
    };
    expect([await remembered(0), await remembered(1)]).toEqual([0, 1]);
  });
});

describe('Appends that wait at the same time', () => {
  /** A writer over a file, the sizes of its groups, and what lets a group be written: nothing is before it is let. */
  const opened = () => {
    const folder = mkdtempSync(join(tmpdir(), 'leadfold-hot-path-'));
    const db = openLogFile(join(folder, 'events.db'), 1_000);
    onTestFinished(() => {
      db.close();
      rmSync(folder, { recursive: true });
    });
    const [groups, held]: [number[], (() => void)[]] = [[], []];
    const committer = committingHere(db);
    const write: typeof committer.write = async (ask) => {
      groups.push(ask.group.length);
      await new Promise<void>((resolve) => held.push(resolve));
      return committer.write(ask);
    };
    const settings = { clock: () => new Date(0), maxPending: 10_000, maxGroup: 5_000, committed: () => undefined };
    const writer = groupWriter({ ...committer, write }, settings);
    const settled: unknown[] = [];
    let added = 0;
    const add = (count: number): void => {
      for (let index = 0; index < count; index++) {
        const lines = [[`id-${added}`, 'Counted', '{}', '{}'] as const];
        writer.add({ stream: `s-${added++}`, expected: -1, lines, settle: (outcome) => settled.push(outcome) });
      }
    };
    return { writer, add, groups, settled, letWrite: () => held.shift()?.() };
  };

  it('share one commit', async () => {
    const { writer, add, groups, settled, letWrite } = opened();
    add(500);
    await nextTurn();
    letWrite();
    await writer.close();
    expect(groups).toEqual([500]);
    expect(settled).toHaveLength(500);
    expect(settled.at(-1)).toEqual({ revision: 0, position: 500 });
  });

  it('are written before a long turn ends when they are many, and the next ones are not far behind', async () => {
    const { writer, add, groups, settled, letWrite } = opened();
    const turn = nextTurn();
    for (const count of [15, 1, 10, 6, 20]) {
      add(count);
      await Promise.resolve();
    }
    expect(groups).toEqual([16, 16]);
    await turn;
    expect(groups).toEqual([16, 16]);
    letWrite();
    await vi.waitFor(() => expect(groups).toEqual([16, 16, 20]));
    letWrite();
    letWrite();
    await writer.close();
    expect(settled).toEqual(Array.from({ length: 52 }, (_, index) => ({ revision: 0, position: index + 1 })));
  });

  it('wait for the group that is written when they are few', async () => {
    const { writer, add, groups, letWrite } = opened();
    add(1);
    await nextTurn();
    add(15);
    await nextTurn();
    expect(groups).toEqual([1]);
    letWrite();
    await vi.waitFor(() => expect(groups).toEqual([1, 15]));
    letWrite();
    await writer.close();
  });
});
