import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeWhole, shownBy } from '../checks.ts';
import { removeReadModels } from '../files.ts';
import { openLedger } from '../ledger.ts';
import { openTraffic } from '../traffic.ts';

/** The file of the read models is deleted. */
export const readModelsDeleted: Case = {
  name: 'read-models-deleted',
  about: 'the files of the read models are deleted under traffic, and again between a kill and a start',
  criterion: 'no activity is refused, and the documents are made again, the same as before',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const next = { n: 0 };
    const file = join(server.dataDir, 'read-models.db');
    const traffic = openTraffic(project, ledger, { clients: 8, people: many(300), next });
    await sleep(many(1_000));
    removeReadModels(server.dataDir);
    const deleted = performance.now();
    await sleep(many(2_000));
    await traffic.end();
    mustEqual(traffic.failures(), [], 'Refused while the read models were deleted');
    await server.settled();
    const recovery = performance.now() - deleted;
    must(existsSync(file), 'The running server has not made the file again');
    const shown = await mustBeWhole(server, project, ledger);

    await server.kill();
    removeReadModels(server.dataDir);
    await server.recover();
    mustEqual([...(await shownBy(project))], [...shown], 'What is made from the whole log');
    return { recovery, found: `${ledger.acknowledged.size} activities of ${shown.size} leads, none refused` };
  },
};
