import type { Lab } from './benchmark.ts';
import { batchesOf, eventOf, visitor } from './events.ts';
import type { Figure } from './figures.ts';
import { paced } from './pacing.ts';
import { untilQuiet } from './quiet.ts';
import type { Visited } from './visited.ts';

const [size, everyMs] = [50, 10];
const [warmUp, measured] = [50, 150];

const shareOf = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? NaN;

const round = async ({ say }: Lab, { product, apiKey, met }: Visited, leads: number) => {
  await untilQuiet(product);
  const count = warmUp + measured;
  const bodies = batchesOf((index) => eventOf(index, leads), {
    count,
    size,
    field: 'events',
    first: met(count * size),
  });
  const read = `/api/leads/lookup?anonymousId=${visitor(0)}`;
  const pacing = { url: product.url, key: apiKey, path: '/api/events/batch', bodies, everyMs, warmUp, read };
  const { answers, lags, late } = await paced(pacing);
  say(`the clock was ${Math.round(late)} ms late at most`);
  return { answer: shareOf(answers, 0.99), lag: shareOf(lags, 0.99), usual: shareOf(lags, 0.5) };
};

/** How long the read models lag behind answers while events come at a pace that doesn't wait for them. */
export const lagFigures = async (lab: Lab, visited: Visited, leads: number): Promise<readonly Figure[]> => {
  const runs: Awaited<ReturnType<typeof round>>[] = [];
  for (let number = 1; number <= lab.rounds; number++) {
    lab.say(`lag, round ${number} of ${lab.rounds}`);
    runs.push(await round(lab, visited, leads));
  }
  const of = (what: keyof (typeof runs)[number]) => runs.map((run) => run[what]);
  const pace = `At ${((size * 1_000) / everyMs).toLocaleString('en-US')} events/s`;
  return [
    { name: `${pace}, from an answer until it can be read: p50`, unit: 'ms', runs: of('usual') },
    { name: `${pace}, from an answer until it can be read: p99`, unit: 'ms', runs: of('lag'), goal: { atMost: 250 } },
    { name: `${pace}, until an answer: p99`, unit: 'ms', runs: of('answer') },
  ];
};
