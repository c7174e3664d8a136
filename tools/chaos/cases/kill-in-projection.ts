import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeWhole, shownBy } from '../checks.ts';
import { removeReadModels } from '../files.ts';
import { openLedger } from '../ledger.ts';
import { activity, inParallel } from '../traffic.ts';

const rounds = 4;

/** The power goes while documents are written. */
export const killInProjection: Case = {
  name: 'kill-in-projection',
  about: `SIGKILL while the read models are behind the log, ${rounds} times`,
  criterion: 'the documents are whole, and the same as those that are made from the whole log',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const [size, people] = [250, many(400)];
    let [n, behind, recovery] = [0, 0, 0];
    for (let round = 0; round < rounds; round++) {
      const batches = Array.from({ length: many(12) }, () => Array.from({ length: size }, () => activity(n++, people)));
      await inParallel(4, batches, (events) => ledger.through(events, project.batch));
      await server.kill();
      if (server.files.checkpoint() < server.files.head()) behind += 1;
      recovery = Math.max(recovery, await server.recover());
    }
    must(behind > 0, 'The read models were never behind when the server was killed');
    const shown = await mustBeWhole(server, project, ledger);
    await server.kill();
    removeReadModels(server.dataDir);
    await server.recover();
    mustEqual([...(await shownBy(project))], [...shown], 'What is made from the whole log');
    return { recovery, found: `${n} activities of ${shown.size} leads; behind in ${behind} of ${rounds} kills` };
  },
};
