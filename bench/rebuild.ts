import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openLogFile } from '../src/eventstore/sqlite/log.ts';
import { leads } from '../src/projections/leads.ts';
import { openReadModels } from '../src/readmodels/open.ts';
import type { Benchmark, Lab } from './support/benchmark.ts';
import type { Figure } from './support/figures.ts';
import { populatedFolder } from './support/populated.ts';
import type { Populated } from './support/populated.ts';
import { started } from './support/processes.ts';
import { projected } from './support/projecting.ts';

const rawRate = async (log: string): Promise<number> => {
  const reader = started('bench/support/raw-reading-process.ts');
  reader.child.send(log);
  const rate = Number(await reader.says());
  await reader.end('SIGKILL');
  return rate;
};

/** How many facts are projected. */
const facts = 80_000;

/** The first facts of the populated log as a log of their own, with how many leads begin in them. */
const shortLog = async ({ folder }: Lab, populated: Populated) => {
  const log = join(folder(), 'events.db');
  openLogFile(log, 1_000).close();
  const db = new DatabaseSync(log);
  db.prepare('ATTACH ? AS whole').run(join(populated.folder, 'events.db'));
  db.prepare('INSERT INTO events SELECT * FROM whole.events WHERE position <= ?').run(facts);
  const counted = db.prepare(`SELECT count(*) AS leads FROM events WHERE type = 'LeadCaptured'`).get();
  db.close();
  return { log, leadCount: Number(counted?.['leads']), projectId: populated.projectId };
};
type Log = Awaited<ReturnType<typeof shortLog>>;

/** Throws unless the new documents are those of the log. */
const mustHaveAll = async (documents: string, { leadCount, projectId }: Log): Promise<void> => {
  const readModels = await openReadModels({ scheme: 'sqlite', path: documents });
  const count = await readModels.count(projectId, leads, []);
  await readModels.close();
  if (count !== leadCount) throw new Error(`The log has ${leadCount} leads, but ${count} were rebuilt from it`);
};

/** Facts a second with nothing there but the log: of one projection by its name, or of all. */
const rate = async ({ folder }: Lab, from: Log, only?: string): Promise<number> => {
  const documents = join(folder(), 'read-models.db');
  const { seconds, head } = await projected({ log: from.log, documents, ...(only !== undefined && { only }) });
  await mustHaveAll(documents, from);
  return head / seconds;
};

/** How quickly read models are there again that were deleted. */
export const rebuild: Benchmark = {
  name: 'rebuild',
  about: 'Facts of the log projected a second, indexes and all, when read models are deleted and made again',
  seconds: 30,
  run: async (lab) => {
    const log = await shortLog(lab, await populatedFolder(lab));
    const [raw, one, all]: [number[], number[], number[]] = [[], [], []];
    for (let round = 1; round <= lab.rounds; round++) {
      raw.push(await rawRate(log.log));
      one.push(await rate(lab, log, leads.name));
      all.push(await rate(lab, log));
      lab.say(
        `round ${round} of ${lab.rounds}: ${[raw, one, all].map((rates) => Math.round(rates.at(-1) ?? 0)).join(', ')}`,
      );
    }
    const reference = { name: 'rows read and parsed', runs: raw };
    const figures: readonly Figure[] = [
      { name: 'Leads', unit: '/s', runs: one, reference, goal: { atLeast: 0.3 } },
      { name: 'All read models together', unit: '/s', runs: all, reference, goal: { atLeast: 0.2 } },
    ];
    return figures;
  },
};
