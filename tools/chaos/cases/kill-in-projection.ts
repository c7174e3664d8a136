import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeWhole, shownBy } from '../checks.ts';
import { removeReadModels } from '../files.ts';
import { openLedger } from '../ledger.ts';
import { activity, clients } from '../traffic.ts';

const rounds = 6;
const size = 250;

/** The power goes while documents are written. */
export const killInProjection: Case = {
  name: 'kill-in-projection',
  about: `SIGKILL while batches come in and the read models follow, ${rounds} times`,
  criterion: 'the documents are whole, and the same as those that are made from the whole log',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const people = many(400);
    let [n, behind, recovery] = [0, 0, 0];
    for (let round = 0; round < rounds; round++) {
      const from = server.files.head();
      const goal = ledger.acknowledged.size + many(1_000);
      const state = { killed: false };
      const sending = clients(2, async () => {
        while (!state.killed) {
          const events = Array.from({ length: size }, () => activity(n++, people));
          await ledger.through(events, project.batch).catch((error: unknown) => {
            if (!state.killed) throw error;
          });
        }
      });
      // Documents are being written when some of what came in this round is in them, and more is coming.
      const writing = async (): Promise<void> => {
        const end = performance.now() + 30_000;
        while (server.files.checkpoint() <= from || ledger.acknowledged.size < goal) {
          must(performance.now() < end, 'The read models do not follow');
          await sleep(1);
        }
      };
      await Promise.race([writing(), sending]);
      state.killed = true;
      await server.kill();
      await sending;
      if (server.files.checkpoint() < server.files.head()) behind += 1;
      recovery = Math.max(recovery, await server.recover());
    }
    must(behind > 0, 'The read models were never behind when the server was killed');
    const shown = await mustBeWhole(server, project, ledger);
    await server.kill();
    removeReadModels(server.dataDir);
    await server.recover();
    mustEqual([...(await shownBy(project))], [...shown], 'What is made from the whole log');
    return {
      recovery,
      found: `${ledger.acknowledged.size} activities of ${shown.size} leads; behind in ${behind} of ${rounds} kills`,
    };
  },
};
