import type { Benchmark, Lab } from './support/benchmark.ts';
import { needThreads, threadsOf, untilIdle, usedBetween } from './support/cpu.ts';
import { eventOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { startProduct } from './support/product.ts';
import { untilQuiet } from './support/quiet.ts';
import { sendPaced } from './support/routed.ts';
import { startStreaming } from './support/streaming.ts';

/** How many streams are open: as many as one project may have, and as many again of another, to which nothing happens. */
const [projects, each] = [2, 100];
const leads = 1_000;

/** Events a second, for so many seconds; and those that warm up. */
const pace = { pace: 100, lasting: 10 };
const warmUp = { pace: 200, lasting: 10 };

/** A product that is sent events at a pace, with all streams open or none, and what it uses of a core meanwhile. */
const begin = async ({ folder }: Lab, listened: boolean) => {
  const product = await startProduct({ dataDir: folder() });
  const keys: string[] = [];
  for (let n = 0; n < projects; n++) keys.push((await product.project()).apiKey);
  const [apiKey = ''] = keys;
  const streaming = listened ? await startStreaming({ url: product.url, keys, each }) : undefined;
  const { pid } = product.process;
  let met = 0;
  const run = async (at: typeof pace): Promise<{ readonly share: number; readonly told: number }> => {
    const first = met;
    met += at.pace * at.lasting;
    const [before, told] = [threadsOf(pid), (await streaming?.heard())?.told ?? 0];
    await sendPaced(product, apiKey, at, (index) => eventOf(first + index, leads));
    await untilQuiet(product);
    await untilIdle(pid);
    const used = usedBetween(pid, before, threadsOf(pid)).all;
    const heard = await streaming?.heard();
    if (heard && heard.open < projects * each) throw new Error(`Only ${heard.open} streams are still open`);
    return { share: (100 * used) / (at.lasting * 1e6), told: (heard?.told ?? 0) - told };
  };
  const end = async (): Promise<void> => {
    await streaming?.end();
    await product.stop();
  };
  return { run, end, memory: product.memory };
};

/** What it costs to have many listen while events come in. */
export const streams: Benchmark = {
  name: 'streams',
  about: `CPU while ${pace.pace} events a second come in and ${projects * each} streams are open, half of them of the project to which the events come`,
  seconds: 150,
  apart: true,
  run: async (lab) => {
    needThreads();
    const [silent, listened] = [await begin(lab, false), await begin(lab, true)];
    lab.say('warming up');
    for (const { run } of [silent, listened]) await run(warmUp);
    const rounds: {
      readonly without: number;
      readonly share: number;
      readonly told: number;
      readonly memory: number;
    }[] = [];
    for (let round = 1; round <= lab.rounds; round++) {
      const without = (await silent.run(pace)).share;
      const { share, told } = await listened.run(pace);
      rounds.push({ without, share, told, memory: await listened.memory() });
      lab.say(
        `round ${round} of ${lab.rounds}: ${Math.round(share)} % of a core with streams, ${Math.round(without)} % without`,
      );
    }
    for (const { end } of [silent, listened]) await end();
    const perEvent = ({ without, share, told }: (typeof rounds)[number]): number =>
      ((share - without) * pace.lasting * 1e4) / told;
    const figures: readonly Figure[] = [
      {
        name: `CPU, of one core, with ${projects * each} streams`,
        unit: '%',
        runs: rounds.map(({ share }) => share),
        reference: { name: 'no stream', runs: rounds.map(({ without }) => without), paired: true },
      },
      { name: 'Events told to streams', unit: '/s', runs: rounds.map(({ told }) => told / pace.lasting) },
      { name: 'CPU of an event told to one stream', unit: 'µs', runs: rounds.map(perEvent), goal: { atMost: 50 } },
      { name: 'Memory', unit: 'MB', runs: rounds.map(({ memory }) => memory) },
    ];
    return figures;
  },
};
