import type { Lab } from './benchmark.ts';
import type { Figure } from './figures.ts';
import { untilQuiet } from './quiet.ts';
import type { Steady } from './steady.ts';
import { steadily } from './steady.ts';
import type { Visited } from './visited.ts';

/** More events a second than a small machine takes. */
const pace = { rate: 100, size: 50, warmUp: 0.5, seconds: 1.5, readEvery: 2 };

/** How long the read models lag behind answers while events come at a pace that doesn't wait for them. */
export const lagFigures = async (lab: Lab, visited: Visited, leads: number): Promise<readonly Figure[]> => {
  const runs: Steady[] = [];
  await untilQuiet(visited.product);
  for (let number = 1; number <= lab.rounds; number++) {
    lab.say(`lag, round ${number} of ${lab.rounds}`);
    runs.push(await steadily(lab, visited, { ...pace, leads }));
  }
  const of = (what: keyof Steady) => runs.map((run) => run[what]);
  const at = `At ${(pace.rate * pace.size).toLocaleString('en-US')} events/s`;
  return [
    { name: `${at}, from an answer until it can be read: p50`, unit: 'ms', runs: of('usualLag') },
    { name: `${at}, from an answer until it can be read: p99`, unit: 'ms', runs: of('lag'), goal: { atMost: 250 } },
    { name: `${at}, from when it was due until an answer: p99`, unit: 'ms', runs: of('answer') },
  ];
};
