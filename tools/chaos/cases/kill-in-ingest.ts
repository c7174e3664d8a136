import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../case.ts';
import { must } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import { openTraffic } from '../traffic.ts';

const rounds = 3;

/** The power goes while activities come in. */
export const killInIngest: Case = {
  name: 'kill-in-ingest',
  about: `SIGKILL while 32 clients send, ${rounds} times`,
  criterion: 'nothing that was acknowledged is lost, nothing is counted twice',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const next = { n: 0 };
    let recovery = 0;
    for (let round = 1; round <= rounds; round++) {
      const goal = ledger.acknowledged.size + many(1_500);
      const traffic = openTraffic(project, ledger, { clients: 32, people: many(300), next });
      while (ledger.acknowledged.size < goal && traffic.failures().length === 0) await sleep(1);
      must(traffic.failures().length === 0, `A server that nobody killed refused: ${traffic.failures()[0]}`);
      await server.kill();
      await traffic.end();
      recovery = Math.max(recovery, await server.recover());
    }
    await mustBeWhole(server, project, ledger);
    const open = ledger.sent.size - ledger.acknowledged.size;
    must(open > 0, 'No request was under way when the server was killed');
    return { recovery, found: `${ledger.acknowledged.size} acknowledged, ${open} cut off` };
  },
};
