import type { Benchmark, Lab } from './support/benchmark.ts';
import { needThreads } from './support/cpu.ts';
import type { Figure } from './support/figures.ts';
import { shareOf } from './support/figures.ts';
import type { Run, Way } from './support/per-event.ts';
import { leads, single, startCosted } from './support/per-event.ts';
import { root } from './support/processes.ts';
import { startProduct } from './support/product.ts';
import type { Receiving } from './support/receiving.ts';
import { sendingHere, startReceiving, tellOf } from './support/receiving.ts';
import { sendPaced } from './support/routed.ts';

/** Leads a second that qualify, for so long, in s; those of the first seconds only warm up. */
const [pace, lasting, warmUp] = [100, 25, 5];

/** After how many ms a quick receiver answers. */
const quick = 10;

/** All that each of the visitors does, in which each qualifies once: runs of fewer events would have more or fewer who do. */
const visits = leads * 20;
const way: Way = { ...single, warmUp: visits, requests: visits };

/** How many are told that a lead qualified, in the product that tells. */
const endpoints = 2;

type Waits = { readonly p50: number; readonly p99: number };

/** How long after a lead qualified a quick endpoint is told, in ms, while another one hangs. */
const besideOneThatHangs = async ({ folder }: Lab, receiving: Receiving): Promise<Waits> => {
  const product = await startProduct({ dataDir: folder(), env: sendingHere });
  const { projectId, apiKey } = await product.project();
  for (const after of ['never', quick] as const) await tellOf(product, projectId, receiving.url(after));
  await sendPaced(product, apiKey, { pace, lasting });
  const { waits, hanging } = await receiving.until(pace * lasting);
  if (hanging === 0) throw new Error('The endpoint that hangs was never told');
  await product.stop();
  const counted = waits.slice(pace * warmUp);
  return { p50: shareOf(counted, 0.5), p99: shareOf(counted, 0.99) };
};

/** Two of the product, of which one tells endpoints. */
const startBoth = async ({ folder }: Lab, receiving: Receiving) => {
  const begin = (over?: () => Promise<void>) =>
    startCosted({ checkout: root, dataDir: folder(), env: sendingHere, ...(over && { over }) }, way);
  const silent = await begin();
  const telling = await begin(async () => void (await receiving.until(leads * endpoints)));
  for (let n = 0; n < endpoints; n++) await tellOf(telling.product, telling.projectId, receiving.url(quick));
  return { silent, telling };
};

/** What events cost with endpoints and without, loaded in their turn, the one that was second first next. */
const costs = async (lab: Lab, receiving: Receiving) => {
  const both = await startBoth(lab, receiving);
  const [silent, telling] = [both.silent, both.telling].map((costed) => ({ costed, runs: [] as Run[] }));
  if (!silent || !telling) throw new Error('Two were started');
  lab.say('warming up');
  for (const { costed } of [silent, telling]) await costed.run(way.warmUp);
  for (let round = 1; round <= lab.rounds; round++) {
    for (const { costed, runs } of round % 2 === 1 ? [silent, telling] : [telling, silent])
      runs.push(await costed.run(way.requests));
    const [without, told] = [silent, telling].map(({ runs }) => Math.round(runs.at(-1)?.used.all ?? 0));
    lab.say(`round ${round} of ${lab.rounds}: ${told} µs an event with endpoints, ${without} without`);
  }
  for (const { costed } of [silent, telling]) await costed.end();
  return { silent: silent.runs, telling: telling.runs };
};

/** How quickly endpoints are told, whatever others do, and what that costs. */
export const deliveries: Benchmark = {
  name: 'deliveries',
  about: `How long after a lead qualified an endpoint that answers in ${quick} ms is told, ${pace} a second, while another one hangs; and the CPU of an event, of which one in 20 qualifies, with ${endpoints} endpoints and with none`,
  seconds: 330,
  apart: true,
  run: async (lab) => {
    needThreads();
    const receiving = await startReceiving();
    const waits: Waits[] = [];
    for (let round = 1; round <= lab.rounds; round++) {
      const each = await besideOneThatHangs(lab, receiving);
      waits.push(each);
      lab.say(`round ${round} of ${lab.rounds}: told after ${each.p50} ms, p99 ${each.p99} ms, while one hangs`);
    }
    const { silent, telling } = await costs(lab, receiving);
    await receiving.end();
    const at = `At ${pace} leads/s beside one that hangs, from qualified to told`;
    const cpu = (name: string, of: (run: Run) => number): Figure => ({
      name: `CPU an event with ${endpoints} endpoints: ${name}`,
      unit: 'µs',
      runs: telling.map(of),
      reference: { name: 'no endpoint', runs: silent.map(of), paired: true },
    });
    return [
      { name: `${at}: p50`, unit: 'ms', runs: waits.map(({ p50 }) => p50) },
      { name: `${at}: p99`, unit: 'ms', runs: waits.map(({ p99 }) => p99), goal: { atMost: 1_000 } },
      { ...cpu('all threads', ({ used }) => used.all), goal: { atMost: 1.1 } },
      cpu('main thread', ({ used }) => used.main),
      cpu('busiest worker thread', ({ used }) => used.busiestWorker),
    ];
  },
};
