import type { Lab } from './benchmark.ts';
import { batchesOf, eventOf, visitor } from './events.ts';
import type { Figure } from './figures.ts';
import { paced } from './pacing.ts';
import { startProduct } from './product.ts';
import { mustShow } from './shown.ts';
import { mustHaveStored } from './stored.ts';

const [size, everyMs, leads] = [50, 10, 1_000];
const [warmUp, measured] = [50, 150];

const shareOf = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? NaN;

const round = async ({ folder, say }: Lab) => {
  const product = await startProduct({ dataDir: folder() });
  const { apiKey } = await product.project();
  const bodies = batchesOf((index) => eventOf(index, leads), { count: warmUp + measured, size, field: 'events' });
  const read = `/api/leads/lookup?anonymousId=${visitor(0)}`;
  const pacing = { url: product.url, key: apiKey, path: '/api/events/batch', bodies, everyMs, warmUp, read };
  const { answers, lags, late, position } = await paced(pacing);
  say(`the clock was ${Math.round(late)} ms late at most`);
  await mustShow(product, apiKey, position, bodies.length * size);
  await product.stop();
  mustHaveStored(product.dataDir, bodies.length * size);
  return { answer: shareOf(answers, 0.99), lag: shareOf(lags, 0.99), usual: shareOf(lags, 0.5) };
};

/** How long the read models lag behind answers while events come at a pace that doesn't wait for them. */
export const lagFigures = async (lab: Lab): Promise<readonly Figure[]> => {
  const runs: Awaited<ReturnType<typeof round>>[] = [];
  for (let number = 1; number <= lab.rounds; number++) {
    lab.say(`lag, round ${number} of ${lab.rounds}`);
    runs.push(await round(lab));
  }
  const of = (what: keyof (typeof runs)[number]) => runs.map((run) => run[what]);
  const pace = `At ${((size * 1_000) / everyMs).toLocaleString('en-US')} events/s`;
  return [
    { name: `${pace}, from an answer until it can be read: p50`, unit: 'ms', runs: of('usual') },
    { name: `${pace}, from an answer until it can be read: p99`, unit: 'ms', runs: of('lag'), goal: { atMost: 250 } },
    { name: `${pace}, until an answer: p99`, unit: 'ms', runs: of('answer') },
  ];
};
