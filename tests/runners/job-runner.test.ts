import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { cancelJob } from '../../src/commands/jobs/cancel-job.ts';
import { retryJob } from '../../src/commands/jobs/retry-job.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { ReadModelsUnavailable } from '../../src/readmodels/read-models.ts';
import { backOff } from '../../src/runners/subscription.ts';
import { engineOver, request, slow } from '../support/engine.ts';
import { projectId } from '../support/facts.ts';
import { counting, gate, lifetime, openWorkplace } from './workers.ts';
import { factsIn } from '../support/facts-in.ts';

const its = { projectId, jobId: 'rescore-2' };

describe('A worker', () => {
  it('carries out a job step by step, each of which leaves a fact', async () => {
    const place = await openWorkplace();
    await place.ask();
    const done: number[] = [];
    await place
      .worker(
        'a',
        counting(3, (nth) => done.push(nth)),
      )
      .quiet();
    expect(done).toEqual([1, 2, 3]);
    expect(await place.facts()).toEqual(['requested', 'claimed', 'progressed', 'progressed', 'completed']);
    expect(await place.found()).toMatchObject({ status: 'completed', done: 3, attempt: 1 });
  });

  it('is the only one that gets a job, however many look at the same moment', async () => {
    const place = await openWorkplace();
    const jobs = ['one', 'two', 'three'];
    const done: string[] = [];
    const names = ['a', 'b', 'c'];
    const workers = names.map((name, at) =>
      place.worker(
        name,
        async (at, context) => {
          done.push(`${at.jobId} ${at.cursor}`);
          return counting(2)(at, context);
        },
        { through: slow(place.store, () => 3 - at) },
      ),
    );
    await Promise.all(jobs.map((name) => place.ask(name)));
    workers.forEach((each) => each.wake());
    await Promise.all(workers.map((each) => each.quiet()));
    expect(done.toSorted()).toEqual(
      jobs.toSorted().flatMap((name) => [`${projectId}.${name} `, `${projectId}.${name} 1`]),
    );
    for (const name of jobs)
      expect(await place.facts(name)).toEqual(['requested', 'claimed', 'progressed', 'completed']);
  });

  it('takes the job of a dead one when its time is over, not before, and goes on where that was', async () => {
    const place = await openWorkplace();
    const [began, end] = [gate(), gate()];
    await place.ask();
    // It hangs in the midst of its second step, as one does that was killed or lost its network.
    const dead = place.worker(
      'dead',
      counting(3, (nth) => {
        if (nth < 2) return undefined;
        began.open();
        return end.opened;
      }),
    );
    await began.opened;
    const done: number[] = [];
    const heir = place.worker(
      'heir',
      counting(3, (nth) => done.push(nth)),
    );
    place.clock.forward(lifetime - 1);
    await heir.quiet();
    expect(done).toEqual([]);
    place.clock.forward(1);
    await heir.quiet();
    expect(done).toEqual([2, 3]);
    expect(await place.found()).toMatchObject({ status: 'completed', done: 3, attempt: 2, holder: 'heir' });

    // What the one says that comes back from the dead changes nothing.
    const before = await place.facts();
    end.open();
    await dead.quiet();
    expect(await place.facts()).toEqual(before);
  });

  it('gives its job back at once when it stops between two steps', async () => {
    const place = await openWorkplace();
    const [began, end] = [gate(), gate()];
    await place.ask();
    const leaving = place.worker(
      'leaving',
      counting(2, () => {
        began.open();
        return end.opened;
      }),
    );
    await began.opened;
    const stopped = leaving.stop();
    end.open();
    await stopped;
    const done: number[] = [];
    await place
      .worker(
        'next',
        counting(2, (nth) => done.push(nth)),
      )
      .quiet();
    expect({ done, status: (await place.found()).status }).toEqual({ done: [2], status: 'completed' });
  });
});

describe('A job that is cancelled', () => {
  it('ends after the step in hand, and its work cleans up', async () => {
    const place = await openWorkplace();
    const [began, end] = [gate(), gate()];
    const done: number[] = [];
    let abandoned = 0;
    await place.ask();
    const step = counting(9, (nth) => {
      done.push(nth);
      if (nth !== 2) return undefined;
      began.open();
      return end.opened;
    });
    const worker = place.worker('a', step, { abandon: async () => void (abandoned += 1) });
    await began.opened;
    const { handle } = engineOver(place.store);
    await handle(cancelJob, { ...its, reason: 'Not wanted' }, request('cancel'));
    worker.wake();
    end.open();
    await worker.quiet();
    expect({ done, abandoned }).toEqual({ done: [1, 2], abandoned: 1 });
    expect(await place.facts()).toEqual(['requested', 'claimed', 'progressed', 'cancelled']);
  });
});

describe('A step that fails', () => {
  it('is tried five times in a row; then the job has failed, until somebody wants it retried', async () => {
    const place = await openWorkplace();
    const tried: number[] = [];
    let broken = true;
    await place.ask();
    const step = counting(2, (nth) => {
      tried.push(nth);
      if (broken && nth === 2) throw new Error('The disc is full of cheese');
    });
    const worker = place.worker('a', step);
    await worker.quiet();
    expect(tried).toEqual([1, 2, 2, 2, 2, 2]);
    expect(await place.facts()).toEqual(['requested', 'claimed', 'progressed', 'failed']);
    const last = (await factsIn(place.store, `job-${projectId}.rescore-2`)).at(-1);
    expect(last?.data).toMatchObject({ error: 'The disc is full of cheese', attempts: 5 });

    broken = false;
    await engineOver(place.store).handle(retryJob, its, request('retry'));
    worker.wake();
    await worker.quiet();
    expect(tried.slice(6)).toEqual([2]);
    expect((await place.found()).status).toBe('completed');
  });

  it.each([new StoreUnavailable('The log is away'), new ReadModelsUnavailable('The documents are away')])(
    'because a store is away does not count: %s',
    async (away) => {
      const place = await openWorkplace();
      let tries = 0;
      await place.ask();
      const step = counting(1, () => {
        tries += 1;
        if (tries < 12) throw away;
      });
      await place.worker('a', step).quiet();
      expect(tries).toBe(12);
      expect(await place.facts()).toEqual(['requested', 'claimed', 'completed']);
    },
  );

  it('waits longer for a store that is away, up to three seconds, and less again after a success', async () => {
    const place = await openWorkplace();
    const waits: number[] = [];
    let tries = 0;
    await place.ask();
    const step = counting(3, () => {
      tries += 1;
      if (tries !== 10 && tries < 13) throw new StoreUnavailable('The log is away');
    });
    await place.worker('a', step, { retryDelay: (nth) => (waits.push(nth), 0) }).quiet();
    expect(waits).toEqual([1, 2, 3, 4, 5, 6, 6, 6, 6, 1, 2]);
    expect(backOff(Math.max(...waits))).toBeLessThanOrEqual(3_200);
    expect((await place.found()).status).toBe('completed');
  });

  it('counts its own failures apart from those of a store that is away', async () => {
    const place = await openWorkplace();
    const [waits, began]: [number[], Date] = [[], place.clock.now()];
    let tries = 0;
    await place.ask();
    const step = counting(1, () => {
      tries += 1;
      if (tries > 1) place.clock.forward(1_000);
      throw tries % 2 === 1 ? new Error('The disc is full of cheese') : new ReadModelsUnavailable('They are away');
    });
    await place.worker('a', step, { retryDelay: (nth) => (waits.push(nth), 0) }).quiet();
    expect({ tries, placeFacts: await place.facts() }).toEqual({
      tries: 9,
      placeFacts: ['requested', 'claimed', 'failed'],
    });
    expect(waits).toEqual([1, 1, 2, 1, 3, 1, 4, 1]);
    const last = (await factsIn(place.store, `job-${projectId}.rescore-2`)).at(-1);
    expect(last?.data).toMatchObject({ attempts: 5, firstFailedAt: began.toISOString() });
  });

  it('and does better later counts from one again', async () => {
    const place = await openWorkplace();
    let tries = 0;
    await place.ask();
    await place
      .worker(
        'a',
        counting(4, () => {
          tries += 1;
          if (tries % 4 !== 0) throw new Error('Not yet');
        }),
      )
      .quiet();
    expect({ tries, status: (await place.found()).status }).toEqual({ tries: 16, status: 'completed' });
  });
});

describe('Projects take turns', () => {
  const [greedy, other] = ['greedy000000', 'other0000000'];

  it('in the places of a worker: who asked once is next, however many one asked for before', async () => {
    const place = await openWorkplace();
    const begun: string[] = [];
    const ends = new Map<string, ReturnType<typeof gate>>();
    for (let n = 0; n < 8; n++) await place.askFor(greedy, `p${n}`);
    await place.askFor(other, 'mine');
    const worker = place.worker('a', async (at, context) => {
      begun.push(at.jobId);
      const end = gate();
      ends.set(at.jobId, end);
      await end.opened;
      return counting(1)(at, context);
    });
    await vi.waitFor(() => expect(begun).toEqual([0, 1, 2, 3].map((n) => `${greedy}.p${n}`)));
    ends.get(`${greedy}.p0`)?.open();
    await vi.waitFor(() => expect(begun[4]).toBe(`${other}.mine`));
    ends.get(`${other}.mine`)?.open();
    for (let n = 4; n < 8; n++) {
      await vi.waitFor(() => expect(begun).toContain(`${greedy}.p${n}`));
      ends.get(`${greedy}.p${n - 3}`)?.open();
    }
    for (const end of ends.values()) end.open();
    await worker.quiet();
  });

  it('while jobs go on: one gives its place away after a while, and goes on later where it was', async () => {
    const place = await openWorkplace();
    const state = { over: false };
    const cursors = new Map<string, number[]>();
    for (let n = 0; n < 4; n++) await place.askFor(greedy, `p${n}`);
    // Those of one project go on until that of the other is done.
    const worker = place.worker(
      'a',
      async ({ projectId: of, jobId, cursor }) => {
        await nextTurn();
        cursors.set(jobId, [...(cursors.get(jobId) ?? []), Number(cursor)]);
        if (of === other) state.over = true;
        const done = Number(cursor) + 1;
        return { cursor: String(done), done, total: done, complete: state.over };
      },
      { turn: 0 },
    );
    await vi.waitFor(() => expect([...cursors.values()].filter((each) => each.length > 1)).toHaveLength(4));
    await place.askFor(other, 'mine');
    worker.wake();
    await worker.quiet();
    expect(cursors.get(`${other}.mine`)).toEqual([0]);
    // A step whose end was not recorded comes again; none is left out.
    for (const own of cursors.values()) {
      const steps = [...new Set(own)];
      expect(steps).toEqual(steps.map((_, n) => n));
    }
    expect(place.heard).toEqual([]);
  });
});
