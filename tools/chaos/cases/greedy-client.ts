import { rmSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { bodyOf } from '../../support/http.ts';
import type { Case } from '../case.ts';
import { must } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import type { Statuses } from '../greed.ts';
import { greeds } from '../greed.ts';
import { openLedger } from '../ledger.ts';
import type { Project } from '../project.ts';
import type { Server } from '../server.ts';
import { activity } from '../traffic.ts';

/** The longest that a good request may take at the 99th percentile, in ms; or, where that is more, so many times as long as before. */
const patience = { ms: 250, times: 3 };
/** How much more memory the process may have at most, in MB: its heap may have 1,024, and must never be what ends it. */
const allowance = 900;
/** A good request goes out every so many ms. */
const every = 10;

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;

/** Good requests by the clock: each when it is due, whether the one before was answered or not. */
const openGood = (project: Project, people: number) => {
  const ledger = openLedger();
  const state = { n: 0, ended: false, took: new Array<number>() };
  const failures: string[] = [];
  const timed = async (ask: () => Promise<unknown>): Promise<void> => {
    const { took } = state;
    const begun = performance.now();
    await ask().catch((error: unknown) => void failures.push(String(error)));
    took.push(performance.now() - begun);
  };
  const one = (n: number): Promise<void> => {
    if (n % 3 === 0) return timed(async () => bodyOf(await project.request('/api/leads?limit=10'), 200, z.unknown()));
    const event = activity(n, people);
    return timed(() => ledger.through([event], () => project.send(event)));
  };
  const asked: Promise<void>[] = [];
  const running = (async () => {
    for (; !state.ended; await sleep(every)) asked.push(one(state.n++));
  })();
  return {
    ledger,
    failures,
    /** What requests took that were sent since this was asked for last, in ms. */
    took: async (): Promise<readonly number[]> => {
      const { took } = state;
      await Promise.all(asked.splice(0));
      state.took = [];
      return took;
    },
    end: async (): Promise<void> => {
      state.ended = true;
      await running;
      await Promise.all(asked);
    },
  };
};

/** A thread that does its worst with a project of its own and a key that may do everything in it. */
const openGreedy = async (server: Server, share: number) => {
  const { projectId } = await server.project();
  const wanted = { body: { name: 'greedy', scopes: ['admin'] } };
  const { key } = bodyOf(
    await server.root(`/api/projects/${projectId}/keys`, wanted),
    201,
    z.object({ key: z.string() }),
  );
  const workerData = { url: server.url(), projectId, key, share };
  const thread = new Worker(new URL('../greedy-thread.ts', import.meta.url), { workerData });
  return {
    end: async () => void (await thread.terminate()),
    tries: async (name: string): Promise<Statuses> => {
      thread.postMessage(name);
      return z.tuple([z.map(z.number(), z.number())]).parse(await once(thread, 'message'))[0];
    },
  };
};

/** What a good client saw while the greedy one did its worst in one way; `broken` is how many answers were 500. */
type Seen = {
  readonly name: string;
  readonly p99: number;
  readonly memory: number;
  readonly failed: readonly string[];
  readonly broken: number;
};

const toldOf = ({ name, p99, memory, failed: [first, ...rest], broken }: Seen): string =>
  [
    `${name}: ${p99.toFixed(0)} ms, ${memory.toFixed(0)} MB`,
    ...(first === undefined ? [] : [`${rest.length + 1} failed with ${first.slice(0, 100)}`]),
    ...(broken === 0 ? [] : [`${broken} x 500`]),
  ].join(', ');

/** One client that does its worst in every way, with a key and without, beside a good one. */
export const greedyClient: Case = {
  name: 'greedy-client',
  about: `one client with a key and without does its worst beside a good one: ${greeds.join(', ')}`,
  criterion: `good requests are answered within ${patience.ms} ms at p99, or ${patience.times} times what it was before, all are counted, memory grows by ${allowance} MB at most, and it starts again, also without its read models`,
  run: async ({ server: start, many, after }) => {
    const server = await start();
    const project = await server.project();
    const good = openGood(project, many(200));
    after(good.end);
    await sleep(2_000);
    await good.took();
    await sleep(3_000);
    const calm = percentile(await good.took(), 0.99);
    const allowed = Math.max(patience.ms, patience.times * calm);
    const before = await server.memory();
    const greedy = await openGreedy(server, many(1_000) / 1_000);
    after(greedy.end);

    const seen: Seen[] = [];
    for (const name of greeds) {
      const statuses = await greedy.tries(name);
      await sleep(500);
      const p99 = percentile(await good.took(), 0.99);
      const memory = (await server.memory()) - before;
      seen.push({ name, p99, memory, failed: good.failures.splice(0), broken: statuses.get(500) ?? 0 });
    }
    const told = seen.map(toldOf).join('; ');
    must(
      seen.every(({ failed }) => failed.length === 0),
      `Good requests failed: ${told}`,
    );
    must(
      seen.every(({ broken }) => broken === 0),
      `Requests were answered with 500: ${told}`,
    );
    must(
      seen.every(({ p99 }) => p99 <= allowed),
      `A good request may take ${allowed.toFixed(0)} ms at p99, and took with ${told}`,
    );
    must(
      seen.every(({ memory }) => memory <= allowance),
      `The process may have ${allowance} MB more, and had with ${told}`,
    );
    await good.end();
    await server.settled();

    await server.kill();
    await server.recover();
    await mustBeWhole(server, project, good.ledger);
    await server.kill();
    for (const end of ['', '-wal', '-shm']) rmSync(join(server.dataDir, `read-models.db${end}`), { force: true });
    const recovery = await server.recover();
    await mustBeWhole(server, project, good.ledger);
    return { recovery, found: `p99 ${calm.toFixed(0)} ms before; ${told}` };
  },
};
