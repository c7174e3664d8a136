import { groupsTo, openLogFile } from '../src/eventstore/sqlite/log.ts';
import { reportSchema } from '../src/invariants/report.ts';
import { newIds } from '../src/new-id.ts';
import type { Benchmark } from './support/benchmark.ts';
import type { Figure } from './support/figures.ts';
import { month, populate, visiting } from './support/populated.ts';
import type { Product } from './support/product.ts';
import { startProduct } from './support/product.ts';

const [leads, visits, activitiesAVisit] = [100_000, 5, 2];
const activities = leads * visits * activitiesAVisit;

/** One lead in twenty does what qualifies it; the others look around. */
const typesOf = (index: number): readonly string[] =>
  index % 20 === 0 ? ['page_view', 'signup'] : ['page_view', 'article_read'];

/** How many leads come and go at the same time: what one did lies scattered over as much of the log. */
const atATime = 2_000;

const writeVisits = (path: string, projectId: string, begin: number): void => {
  const db = openLogFile(path, 1_000);
  // Nothing reads it before it is complete, and it can be made again.
  db.exec('PRAGMA synchronous = OFF');
  const write = groupsTo(db);
  for (let first = 0; first < leads; first += atATime) {
    const visit = visiting(projectId, newIds(), () => true, typesOf);
    for (let nth = 0; nth < visits; nth++) {
      const now = new Date(begin + ((first + (nth * atATime) / visits) / leads) * month);
      const group = Array.from({ length: atATime }, (_, index) => visit(first + index, activitiesAVisit, now));
      write(group, now.getTime());
    }
  }
  db.close();
};

/** Asks again and again whether the process lives until something is done. Gives the longest that an answer took, in ms. */
const longestAnswer = async ({ url }: Product, done: Promise<unknown>): Promise<number> => {
  let [longest, over] = [0, false];
  const end = (): void => {
    over = true;
  };
  done.then(end, end);
  while (!over) {
    const asked = performance.now();
    await (await fetch(`${url}/livez`)).text();
    longest = Math.max(longest, performance.now() - asked);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return longest;
};

/** How long a check takes, in seconds, and how long others wait meanwhile at most, in ms. Throws unless it saw all and found nothing. */
const checked = async (product: Product) => {
  const begun = performance.now();
  const asked = product.ask('GET', '/api/admin/system-health', product.adminKey);
  const longest = await longestAnswer(product, asked);
  const report = reportSchema.parse(await (await asked).json());
  const seconds = (performance.now() - begun) / 1_000;
  if (report.status === 'healthy' && report.leads === leads && report.activities === activities)
    return { seconds, longest };
  throw new Error(`The check did not see what is there: ${JSON.stringify(report)}`);
};

/** How long it takes to prove that nothing is wrong. */
export const systemHealth: Benchmark = {
  name: 'system-health',
  about:
    'Every invariant checked over 100,000 leads with a million activities, one in twenty qualified, by a server that is otherwise idle',
  seconds: 200,
  apart: true,
  run: async ({ prepared, rounds, say }) => {
    const dataDir = await prepared('checked', async (folder) => {
      say(`preparing ${leads} leads with ${activities} activities`);
      await populate(folder, writeVisits);
    });
    const product = await startProduct({ dataDir });
    const runs: { readonly seconds: number; readonly longest: number }[] = [];
    for (let round = 1; round <= rounds; round++) {
      runs.push(await checked(product));
      say(`round ${round} of ${rounds}: ${runs.at(-1)?.seconds.toFixed(1)} s`);
    }
    await product.stop();
    const figures: readonly Figure[] = [
      { name: 'Every invariant', unit: 's', runs: runs.map(({ seconds }) => seconds), goal: { atMost: 60 } },
      { name: 'Longest answer of another route', unit: 'ms', runs: runs.map(({ longest }) => longest) },
    ];
    return figures;
  },
};
