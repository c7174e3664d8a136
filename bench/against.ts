import { join } from 'node:path';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { checkOut, hasChanges } from './support/commit.ts';
import type { Used } from './support/cpu.ts';
import { needThreads } from './support/cpu.ts';
import { startServer } from './support/eventstoredb-server.ts';
import type { Figure, Goal } from './support/figures.ts';
import type { Run, Way } from './support/per-event.ts';
import { batches, single, startCosted } from './support/per-event.ts';
import { root } from './support/processes.ts';

/** What the CPU of an event has to come to, as a ratio to the other commit's or in µs. */
type Goals = { readonly ratio?: Goal; readonly value?: Goal };

const figuresOf = (commit: string, ours: readonly Run[], theirs: readonly Run[], goals: Goals): readonly Figure[] => {
  const figure = (name: string, unit: string, of: (run: Run) => number, goal?: Goal): Figure => {
    const reference = { name: `commit ${commit.slice(0, 9)}`, runs: theirs.map(of), paired: true };
    return { name, unit, runs: ours.map(of), reference, ...(goal && { goal }) };
  };
  const cpu = (name: string, of: keyof Used, goal?: Goal): Figure =>
    figure(`CPU an event: ${name}`, 'µs', ({ used }) => used[of], goal);
  return [
    cpu('all threads', 'all', goals.ratio),
    cpu('main thread', 'main'),
    cpu('busiest worker thread', 'busiestWorker'),
    ...(theirs.some(({ used }) => used.otherWorkers > 0) ? [cpu('other worker threads', 'otherWorkers')] : []),
    cpu("V8's and libuv's", 'helpers'),
    ...(goals.value
      ? [
          {
            name: 'CPU an event: all threads, here',
            unit: 'µs',
            runs: ours.map(({ used }) => used.all),
            goal: goals.value,
          },
        ]
      : []),
    figure('Events recorded', '/s', ({ rate }) => rate),
  ];
};

/** Where a log is; nowhere else than in the product's folder without a URL. */
type Server = { readonly url?: string; readonly end: () => Promise<void> };
const aFile: Server = { end: () => Promise.resolve() };

/** The files of the other commit, in a folder that goes with the run. */
const otherCheckout = async ({ folder, say }: Lab, commit: string): Promise<string> => {
  if (hasChanges(root)) say('this checkout has changes that are not committed, and they are measured with it');
  say(`checking out ${commit}`);
  const checkout = join(folder(), 'checkout');
  await checkOut(root, commit, checkout);
  return checkout;
};

/** Both run all the time and are loaded in their turn, the one that was second first next. */
const compared = async (lab: Lab, way: Way, goals: Goals, over: () => Promise<Server>): Promise<readonly Figure[]> => {
  const { commit = '', folder } = lab;
  needThreads();
  const begin = async (checkout: string) => {
    const server = await over();
    const env = server.url === undefined ? {} : { EVENT_STORE: server.url };
    return { at: await startCosted({ checkout, dataDir: folder(), env }, way), server, runs: [] as Run[] };
  };
  const theirs = await begin(await otherCheckout(lab, commit));
  const ours = await begin(root);
  lab.say('warming up');
  for (const { at } of [theirs, ours]) await at.run(way.warmUp);
  for (let round = 1; round <= lab.rounds; round++) {
    for (const { at, runs } of round % 2 === 1 ? [theirs, ours] : [ours, theirs]) runs.push(await at.run(way.requests));
    const [own, other] = [ours, theirs].map(({ runs }) => Math.round(runs.at(-1)?.used.all ?? 0));
    lab.say(`round ${round} of ${lab.rounds}: ${own} µs an event here, ${other} there`);
  }
  for (const { at, server } of [theirs, ours]) {
    await at.end();
    await server.end();
  }
  return figuresOf(commit, ours.runs, theirs.runs, goals);
};

/** This checkout against another commit, with the log in a file. */
export const against: Benchmark = {
  name: 'against',
  about: `CPU that an event costs, one a request over ${single.connections} connections, against the commit that --commit names`,
  seconds: 90,
  rounds: 5,
  ofCommit: true,
  run: (lab) => compared(lab, single, { ratio: { atMost: 0.5 } }, () => Promise.resolve(aFile)),
};

/** The same with the log on an EventStoreDB: a server for each, so that neither reads what the other wrote. */
export const againstOverEventStoreDb: Benchmark = {
  name: 'against-eventstoredb',
  about: `CPU that an event costs over an EventStoreDB, ${batches.size} a request over ${batches.connections} connections, against the commit that --commit names`,
  seconds: 150,
  rounds: 11,
  ofCommit: true,
  run: (lab) => compared(lab, batches, { value: { atMost: 900 } }, startServer),
};
