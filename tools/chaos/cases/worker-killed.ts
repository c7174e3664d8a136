import type { Case } from '../case.ts';
import { must } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openFleet, until } from '../fleet.ts';
import { openLedger } from '../ledger.ts';
import { openTraffic } from '../traffic.ts';

/** Until when another worker runs the readers of one that is gone, in ms, and how much more this machine may take. */
const [promised, noise] = [6_000, 4_000];
const rounds = 2;

/** A worker is gone without having said goodbye. */
export const workerKilled: Case = {
  name: 'worker-killed',
  about: `SIGKILL of the worker that runs the readers while 2 clients send to an api, ${rounds} times, each time another stands by`,
  criterion: `the other worker runs all readers within ${promised / 1_000} s, nothing is lost and nothing counted twice`,
  run: async (ground) => {
    const fleet = await openFleet(ground);
    const api = await fleet.start('api');
    const project = await api.project();
    const ledger = openLedger();
    let worker = await fleet.start('worker');
    await until('the worker runs all readers', worker.isWell);
    const readers = await worker.running();
    must(readers > 20, `A worker alone runs ${readers} readers`);
    const traffic = openTraffic(project, ledger, { clients: 2, people: 100, next: { n: 0 }, pause: 100 });
    ground.after(traffic.end);
    let recovery = 0;
    for (let round = 1; round <= ground.many(rounds); round++) {
      const next = await fleet.start('worker');
      const goal = ledger.acknowledged.size + ground.many(500);
      await until('there is something to read', async () => ledger.acknowledged.size >= goal);
      // Every worker runs what it hears of jobs by.
      const own = await next.running();
      must(own < readers / 2, `The worker that stands by runs ${own} readers`);
      await worker.kill();
      const took = await until('the other worker runs all readers', async () => (await next.running()) === readers);
      must(took <= promised + noise, `The other worker runs all readers ${took.toFixed(0)} ms after the kill`);
      recovery = Math.max(recovery, took);
      worker = next;
    }
    await traffic.end();
    await mustBeWhole(api, project, ledger);
    return {
      recovery,
      found: `${readers} readers ran elsewhere after ${recovery.toFixed(0)} ms at most; ${ledger.acknowledged.size} acknowledged`,
    };
  },
};
