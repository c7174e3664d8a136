import { appended } from './support/appending.ts';
import type { Appended } from './support/appending.ts';
import type { Benchmark } from './support/benchmark.ts';
import { needThreads } from './support/cpu.ts';
import { startServer } from './support/eventstoredb-server.ts';
import type { Figure } from './support/figures.ts';
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

/** The log on an EventStoreDB. */
export const eventstoredb: Benchmark = {
  name: 'eventstoredb',
  about: `Appends of 3 facts to an EventStoreDB by ${writers} writers at a time, and events through HTTP, with their CPU`,
  seconds: 60,
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
