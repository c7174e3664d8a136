import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { bodiesOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { loaded } from './support/load.ts';
import { untilQuiet } from './support/quiet.ts';
import type { Steady } from './support/steady.ts';
import { steadily } from './support/steady.ts';
import type { Visited } from './support/visited.ts';
import { startVisited } from './support/visited.ts';

const [connections, leads] = [50, 1_000];

/** How many events come before anything counts, as many as Node takes to compile what is hot; and to see how many it takes. */
const [warmUp, tried] = [16_000, 5_000];

/** Requests a second, and the share of the most it takes. */
const [usual, share] = [1_000, 0.6];
const pace = { size: 1, warmUp: 1, seconds: 5, readEvery: 20, leads };

/** How many clients come at once, after how long that others have sent events, in ms, and how many seconds those send. */
const [crowd, before, meanwhile] = [200, 1_000, 4];

const loadOf = ({ product, apiKey }: Visited) => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  return { url: product.url, path: '/api/events/ingest', headers, connections };
};

/** How many events a second it takes from clients that wait for their answers. */
const mostOf = async (visited: Visited, events: number): Promise<number> => {
  const bodies = bodiesOf(events, leads, visited.met(events));
  const { rate } = await loaded({ ...loadOf(visited), bodies, once: true }, 202);
  await untilQuiet(visited.product);
  return rate;
};

/** Until the last of many that connect at once has its answer, in ms, while others send as many events as it takes. */
const crowdOf = async (visited: Visited): Promise<number> => {
  const load = loadOf(visited);
  const ofCrowd = bodiesOf(crowd, leads, visited.met(crowd));
  const bodies = bodiesOf(meanwhile * 6_000, leads, visited.met(0));
  const others = loaded({ ...load, bodies, seconds: meanwhile }, 202);
  await sleep(before);
  const { lasted } = await loaded({ ...load, connections: crowd, bodies: ofCrowd, once: true }, 202);
  visited.met((await others).answered);
  await untilQuiet(visited.product);
  return lasted * 1_000;
};

type Round = {
  readonly usual: Steady;
  readonly busy: Steady;
  readonly crowd: number;
};

const roundOf = async (lab: Lab, visited: Visited): Promise<Round> => {
  const busy = share * (await mostOf(visited, tried));
  lab.say(`${share * 100} % of the most are ${Math.round(busy)} events/s`);
  return {
    usual: await steadily(lab, visited, { ...pace, rate: usual }),
    busy: await steadily(lab, visited, { ...pace, rate: busy }),
    crowd: await crowdOf(visited),
  };
};

const figuresOf = (rounds: readonly Round[]): readonly Figure[] => {
  const ofPace = (name: string, of: (round: Round) => Steady, goal: { answer: number; lag: number }): Figure[] => [
    {
      name: `${name}, from when it was due until the 202: p99`,
      unit: 'ms',
      runs: rounds.map((round) => of(round).answer),
      goal: { atMost: goal.answer },
    },
    {
      name: `${name}, from the 202 until it can be read: p99`,
      unit: 'ms',
      runs: rounds.map((round) => of(round).lag),
      goal: { atMost: goal.lag },
    },
  ];
  return [
    ...ofPace(`At ${usual.toLocaleString('en-US')} events/s`, (round) => round.usual, { answer: 20, lag: 150 }),
    ...ofPace(`At ${share * 100} % of the most it takes`, (round) => round.busy, { answer: 60, lag: 400 }),
    {
      name: `${crowd} clients that connect at once under full load, until the last answer`,
      unit: 'ms',
      runs: rounds.map((round) => round.crowd),
      goal: { atMost: 500 },
    },
  ];
};

/** How long one waits for an answer while events come by the clock, whether or not those before are answered. */
export const latency: Benchmark = {
  name: 'latency',
  about: 'Until the 202 and until the event can be read, at a pace that does not wait, one event a request',
  seconds: 90,
  run: async (lab) => {
    const visited = await startVisited(lab.folder());
    lab.say('warming up');
    await mostOf(visited, warmUp);
    const rounds: Round[] = [];
    for (let round = 1; round <= lab.rounds; round++) {
      lab.say(`round ${round} of ${lab.rounds}`);
      rounds.push(await roundOf(lab, visited));
    }
    await visited.end();
    return figuresOf(rounds);
  },
};
