import { appended } from './support/appending.ts';
import type { Appended } from './support/appending.ts';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { needThreads } from './support/cpu.ts';
import { startServer } from './support/eventstoredb-server.ts';
import type { Figure } from './support/figures.ts';
import { leads, openMadeAgain } from './support/made-again.ts';
import type { Run } from './support/remote.ts';
import { startRemote, ways } from './support/remote.ts';

const writers = 50;

/** Appends by the bare client and by the adapter, to a server with an empty log. */
const appendedByBoth = async () => {
  const { url, end } = await startServer();
  const appending = { url, writers, warmUp: 1, seconds: 1 };
  const bare = await appended({ ...appending, by: 'client' });
  const ours = await appended({ ...appending, by: 'adapter' });
  await end();
  return { bare, ours };
};

/** Read models that are made again, over a server and over a file with the same facts, in turn. */
const madeAgain = async (lab: Lab) => {
  const server = await startServer();
  const { overFile, overServer } = await openMadeAgain(lab, server.url);
  const [file, remote]: [number[], number[]] = [[], []];
  for (let round = 1; round <= lab.rounds; round++) {
    lab.say(`made again, round ${round} of ${lab.rounds}`);
    file.push(await overFile());
    remote.push(await overServer());
  }
  await server.end();
  return { file, remote };
};

/** The log on an EventStoreDB. */
export const eventstoredb: Benchmark = {
  name: 'eventstoredb',
  about: `Appends of 3 facts to an EventStoreDB by ${writers} writers at a time, events through HTTP, with their CPU, and read models made again`,
  seconds: 150,
  run: async (lab) => {
    needThreads();
    const server = await startServer();
    const product = await startRemote(lab.folder(), server.url);
    const [bare, ours]: [Appended[], Appended[]] = [[], []];
    const runs = ways.map((way) => ({ way, results: [] as Run[] }));
    lab.say('warming up');
    for (const way of ways) await product.run(way, way.warmUp);
    for (let round = 1; round <= lab.rounds; round++) {
      lab.say(`round ${round} of ${lab.rounds}`);
      const both = await appendedByBoth();
      bare.push(both.bare);
      ours.push(both.ours);
      for (const { way, results } of runs) results.push(await product.run(way, way.requests));
    }
    await product.end();
    await server.end();
    const again = await madeAgain(lab);
    const name = process.env['EVENTSTOREDB_URL'] === undefined ? 'a stand-in' : 'EventStoreDB';
    const of = (what: keyof Appended, from: readonly Appended[]) => from.map((run) => run[what]);
    // At its best: the server says that it takes appends that share a call, and the client has them share one.
    const reference = (what: keyof Appended, by = 'the bare client') => ({ name: by, runs: of(what, bare) });
    const anAppend = reference('cpu', 'an append of 3 facts by the bare client');
    return [
      {
        name: `Appends of 3 facts to ${name}`,
        unit: '/s',
        runs: of('rate', ours),
        reference: reference('rate'),
        goal: { atLeast: 0.9 },
      },
      {
        name: `Appends of 3 facts to ${name}: CPU of each`,
        unit: 'µs',
        runs: of('cpu', ours),
        reference: anAppend,
        goal: { atMost: 1.2 },
      },
      {
        name: `Read models made again, with ${leads} leads that wait and as many that are assigned, over ${name}`,
        unit: 's',
        runs: again.remote,
        reference: { name: 'over a file', runs: again.file, paired: true },
        goal: { atMost: 3 },
      },
      ...runs.flatMap(({ way, results }): readonly Figure[] => [
        { name: `${way.name}, to ${name}`, unit: '/s', runs: results.map(({ rate }) => rate) },
        {
          name: `${way.name}, to ${name}: CPU of the product an event`,
          unit: 'µs',
          runs: results.map(({ cpu }) => cpu),
          reference: anAppend,
          goal: { atMost: way.goal },
        },
      ]),
    ];
  },
};
