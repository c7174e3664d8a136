import { join } from 'node:path';
import { needPackages, needSqlite3 } from './support/alternatives.ts';
import { appendsOf } from './support/appends.ts';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { medianOf } from './support/figures.ts';

const [own, emmett] = ['bench/support/own-appends-process.ts', 'bench/alternatives/emmett.js'];
const [writers, streams] = [50, 1_000];

const rateOf = ({ folder }: Lab, entry: string, at: number): Promise<number> =>
  appendsOf(entry, { file: join(folder(), 'events.db'), writers: at, streams, warmUp: 1, seconds: 1 });

/** Appends to the event store alone, without HTTP or projections, against another event store over SQLite. */
export const alternative: Benchmark = {
  name: 'alternative',
  about: `Durable appends of one fact a second by ${writers} writers over ${streams} streams, against emmett's event store`,
  seconds: 20,
  run: async (lab) => {
    needPackages(['@event-driven-io/emmett', '@event-driven-io/emmett-sqlite', 'sqlite3']);
    needSqlite3(lab.say);
    const [ours, inTurn, alone]: [number[], number[], number[]] = [[], [], []];
    for (let round = 1; round <= lab.rounds; round++) {
      lab.say(`round ${round} of ${lab.rounds}`);
      inTurn.push(await rateOf(lab, emmett, writers));
      alone.push(await rateOf(lab, emmett, 1));
      ours.push(await rateOf(lab, own, writers));
    }
    // Emmett commits each append by itself, so one writer may be as fast as many: the better of the two is its figure.
    const better = medianOf(alone) > medianOf(inTurn);
    const reference = better
      ? { name: 'emmett-sqlite, one writer', runs: alone }
      : { name: `emmett-sqlite, ${writers} writers in turn`, runs: inTurn };
    return [{ name: 'Durable appends of one fact', unit: '/s', runs: ours, reference, goal: { atLeast: 8 } }];
  },
};
