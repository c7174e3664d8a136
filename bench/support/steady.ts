import type { Lab } from './benchmark.ts';
import { batchesOf, bodiesOf, eventOf, visitor } from './events.ts';
import { shareOf } from './figures.ts';
import { paced } from './pacing.ts';
import { untilQuiet } from './quiet.ts';
import type { Visited } from './visited.ts';

/** Requests by the clock, `rate` a second: for some seconds that only warm up, then for some that count. */
export type Pace = {
  readonly rate: number;
  /** How many events are in each request. */
  readonly size: number;
  readonly warmUp: number;
  readonly seconds: number;
  /** One request in so many is followed by a read. */
  readonly readEvery: number;
  readonly leads: number;
};

/** In ms: from when a request was due until its answer, and from the answer until its events can be read. */
export type Steady = { readonly answer: number; readonly usualLag: number; readonly lag: number };

/** Sends events to a product at a pace that doesn't wait for it. Resolves when it has nothing left to do. */
export const steadily = async ({ say }: Lab, { product, apiKey, met }: Visited, pace: Pace): Promise<Steady> => {
  const { rate, size, leads } = pace;
  const [warmUp, count] = [Math.round(pace.warmUp * rate), Math.round((pace.warmUp + pace.seconds) * rate)];
  const first = met(count * size);
  const way =
    size === 1
      ? { path: '/api/events/ingest', expected: 202, bodies: bodiesOf(count, leads, first) }
      : {
          path: '/api/events/batch',
          expected: 200,
          bodies: batchesOf((index) => eventOf(index, leads), { count, size, field: 'events', first }),
        };
  const read = { path: `/api/leads/lookup?anonymousId=${visitor(0)}`, every: pace.readEvery };
  const { answers, lags, late } = await paced({ url: product.url, key: apiKey, rate, warmUp, read, ...way });
  say(`the clock was ${Math.round(late)} ms late at most`);
  await untilQuiet(product);
  return { answer: shareOf(answers, 0.99), usualLag: shareOf(lags, 0.5), lag: shareOf(lags, 0.99) };
};
