import { cpSync } from 'node:fs';
import type { Asked, Question } from './support/asking.ts';
import { askedAbout } from './support/asking.ts';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { batchesOf, eventOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { busyLeads, leadCount, leadIdAt, populatedFolder } from './support/populated.ts';
import type { Populated } from './support/populated.ts';
import { startProduct } from './support/product.ts';
import type { Product } from './support/product.ts';
import { mustHaveStored } from './support/stored.ts';

/** How events come in meanwhile: 50 each tenth of a second. */
const [size, everyMs] = [50, 100];
const [limit, times] = [20, 120];
const list = `/api/leads?stage=cold&sort=-score`;

/** The cursor of the page that comes after so many leads of the list. */
const cursorAfter = async (product: Product, key: string, leads: number): Promise<string> => {
  let cursor = '';
  for (let left = leads; left > 0; left -= 200) {
    const answer = await product.ask(
      'GET',
      `${list}&limit=${Math.min(200, left)}${cursor && `&cursor=${cursor}`}`,
      key,
    );
    const { nextCursor } = (await answer.json()) as { nextCursor?: string | null };
    if (answer.status !== 200 || typeof nextCursor !== 'string')
      throw new Error(
        `The list of leads was to have more than ${leads}, but ended ${left} before with ${answer.status}`,
      );
    cursor = encodeURIComponent(nextCursor);
  }
  return cursor;
};

const questionsOf = async (product: Product, { projectId, apiKey }: Populated): Promise<readonly Question[]> => {
  const cursor = await cursorAfter(product, apiKey, 999 * limit);
  const some = Array.from({ length: times }, (_, nth) => leadIdAt(projectId, (nth * 7_919) % leadCount));
  // Some words are of one lead, most of ten, a hundred or a thousand; everybody is a visitor.
  const words = Array.from({ length: times }, (_, nth) => (nth % 10 === 0 ? 'visitor' : `visitor-${3 ** (nth % 9)}`));
  const busy = Array.from({ length: busyLeads }, (_, nth) => leadIdAt(projectId, nth));
  return [
    { name: 'Page 1 of leads', paths: [`${list}&limit=${limit}`], shows: 'data' },
    { name: 'Page 1,000 of leads', paths: [`${list}&limit=${limit}&cursor=${cursor}`], shows: 'data' },
    { name: 'Leads found by a word', paths: words.map((word) => `/api/leads?limit=${limit}&q=${word}`), shows: 'data' },
    { name: 'A lead', paths: some.map((id) => `/api/leads/${id}`), shows: 'identifiers' },
    { name: 'Timeline of a lead', paths: busy.map((id) => `/api/leads/${id}/timeline`), shows: 'data' },
    { name: 'Dashboard', paths: ['/api/analytics/dashboard'], shows: 'perDay' },
  ];
};

/** What was recorded while it was asked, by the product that knew of `head` facts before. */
const checked = (dataDir: string, runs: readonly Asked[], head: number): void =>
  void mustHaveStored(dataDir, runs.reduce((sum, { acknowledged }) => sum + acknowledged, 0) * size, head);

const at = (share: number, latencies: readonly number[] = []): number =>
  latencies.toSorted((a, b) => a - b)[Math.ceil(share * latencies.length) - 1] ?? NaN;

const figuresOf = (names: readonly string[], runs: readonly Asked[]): readonly Figure[] => {
  const of = (name: string, share: number) => runs.map(({ latencies }) => at(share, latencies[name]));
  const [first = '', deep = ''] = names;
  return [
    ...names.flatMap((name): readonly Figure[] => [
      { name: `${name}: p50`, unit: 'ms', runs: of(name, 0.5) },
      { name: `${name}: p95`, unit: 'ms', runs: of(name, 0.95), goal: { atMost: 10 } },
    ]),
    {
      name: `${deep} against page 1: p50`,
      unit: 'ms',
      runs: of(deep, 0.5),
      goal: { atMost: 2 },
      reference: { name: 'page 1', runs: of(first, 0.5) },
    },
  ];
};

const measured = async (product: Product, lab: Lab, populated: Populated) => {
  const questions = await questionsOf(product, populated);
  const asking = { url: product.url, key: populated.apiKey, questions };
  const bodies = (round: number) =>
    batchesOf((index) => eventOf(index, leadCount), { count: 400, size, field: 'events', first: round * 400 * size });
  const runs: Asked[] = [];
  for (let round = 0; round <= lab.rounds; round++) {
    const events = { path: '/api/events/batch', bodies: bodies(round), everyMs };
    // The first run is a short one that warms up.
    const run = await askedAbout({ ...asking, events, times: round === 0 ? times / 3 : times });
    lab.say(`${Math.round((run.acknowledged * size) / run.seconds)} events/s were recorded meanwhile`);
    runs.push(run);
  }
  return { names: questions.map(({ name }) => name), runs };
};

/** Answers while events come in. */
export const query: Benchmark = {
  name: 'query',
  about: `Answers with ${leadCount.toLocaleString('en-US')} leads while 500 events a second come in, asked one at a time`,
  seconds: 40,
  run: async (lab) => {
    const populated = await populatedFolder(lab);
    const dataDir = lab.folder();
    cpSync(populated.folder, dataDir, { recursive: true });
    const product = await startProduct({ dataDir });
    const { names, runs } = await measured(product, lab, populated);
    await product.stop();
    checked(dataDir, runs, populated.head);
    return figuresOf(names, runs.slice(1));
  },
};
