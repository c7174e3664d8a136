import type { Benchmark } from './support/benchmark.ts';
import { bodiesOf, eventOf, visitor } from './support/events.ts';
import type { Figure, Goal } from './support/figures.ts';
import type { Load } from './support/load.ts';
import { loaded } from './support/load.ts';
import type { Prepared } from './support/prepared.ts';
import { activeLeads, millionEvents, preparedLog } from './support/prepared.ts';
import { startProduct } from './support/product.ts';
import { headOf, mustHaveStored } from './support/stored.ts';

type Speed = { readonly rate: number; readonly p99: number };
type Result = { readonly known: Speed; readonly fresh: Speed; readonly memory: number };

/** The seconds of each stretch of load. */
const [stretch, warmUp] = [1, 1.5];
/** Visitors that no log has, and the one whose lead has a long history. */
const [nobody, longLead] = [10_000_000, 9_000_000];
const aMinute = { leads: activeLeads, activities: 20 };

const ofVisitor = (count: number, who: (n: number) => number): readonly string[] =>
  Array.from({ length: count }, (_, n) => JSON.stringify({ ...eventOf(n, 1), anonymousId: visitor(who(n)) }));

/** A product over a log, and the ways to load it. `end` stops it, and throws unless its log has what was acknowledged. */
const underLoad = async ({ dataDir, apiKey }: Prepared) => {
  const before = headOf(dataDir);
  const product = await startProduct({ dataDir });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  let [acknowledged, met] = [0, 0];
  const send = async (load: Pick<Load, 'bodies' | 'connections' | 'seconds' | 'once'>): Promise<Speed> => {
    const result = await loaded({ url: product.url, path: '/api/events/ingest', headers, ...load }, 202);
    acknowledged += result.answered;
    return result;
  };
  return {
    /** To the leads that are active: in the product's memory once it has run warm. */
    known: (seconds: number) => send({ bodies: bodiesOf(20 * activeLeads, activeLeads), connections: 50, seconds }),
    /** Each event to a lead that begins with it. */
    fresh: (seconds: number) => {
      const bodies = ofVisitor(15_000, (n) => nobody + met + n);
      met += bodies.length;
      return send({ bodies, connections: 50, seconds, once: true });
    },
    /** All to one lead. The first one finds it not in memory. */
    one: (n: number, seconds: number) => send({ bodies: ofVisitor(1_000, () => n), connections: 4, seconds }),
    first: (n: number) => send({ bodies: ofVisitor(1, () => n), connections: 1, once: true }),
    memory: product.memory,
    end: async () => {
      await product.stop();
      mustHaveStored(dataDir, acknowledged, before);
    },
  };
};

type Running = Awaited<ReturnType<typeof underLoad>>;

const measured = async (running: Running): Promise<Result> => {
  const [known, fresh] = [await running.known(stretch), await running.fresh(stretch)];
  return { known, fresh, memory: await running.memory() };
};

const [rateGoal, costGoal]: [Goal, Goal] = [{ atLeast: 0.8 }, { atMost: 1.2 }];

type Size = { readonly name: string; readonly results: readonly Result[]; readonly goals: boolean };

const figuresOf = (sizes: readonly Size[], smallest: Size): readonly Figure[] => {
  const figure = (name: string, unit: string, goal: Goal, of: (result: Result) => number) =>
    sizes.map((size): Figure => {
      const reference = { name: smallest.name, runs: smallest.results.map(of) };
      const compared = size === smallest ? {} : { reference, ...(size.goals && { goal }) };
      return { name: `${name}, ${size.name}`, unit, runs: size.results.map(of), ...compared };
    });
  return [
    ...figure('Known leads', '/s', rateGoal, ({ known }) => known.rate),
    ...figure('Known leads: p99', 'ms', costGoal, ({ known }) => known.p99),
    ...figure('New leads', '/s', rateGoal, ({ fresh }) => fresh.rate),
    ...figure('New leads: p99', 'ms', costGoal, ({ fresh }) => fresh.p99),
    ...figure('Memory', 'MB', costGoal, ({ memory }) => memory),
  ];
};

const ofOneLead = (long: readonly Speed[], short: readonly Speed[], first: number): readonly Figure[] => {
  const reference = (of: (speed: Speed) => number) => ({ name: 'a lead of 20', runs: short.map(of) });
  const figure = (unit: string, goal: Goal, of: (speed: Speed) => number) => ({
    unit,
    runs: long.map(of),
    reference: reference(of),
    goal,
  });
  const name = 'One lead of 100,000 activities';
  return [
    { name, ...figure('/s', rateGoal, ({ rate }) => rate) },
    { name: `${name}: p99`, ...figure('ms', costGoal, ({ p99 }) => p99) },
    { name: `${name}: its first event after a start`, unit: 'ms', runs: [first], goal: { atMost: 300 } },
  ];
};

/** One event a request over logs of many sizes, made for it. Each runs all the time and is loaded in its turn. */
export const growth: Benchmark = {
  name: 'growth',
  about:
    'What more stored events cost: the same load over logs of 10 thousand, 1 million and 5 million events, and to one long lead',
  seconds: 85,
  run: async (lab) => {
    const logs = [
      { name: '10 thousand', log: await preparedLog(lab, 'ten-thousand', [aMinute]) },
      { name: '1 million', log: await millionEvents(lab) },
      { name: '5 million', log: await preparedLog(lab, 'five-million', [{ leads: 250_000, activities: 20 }]) },
    ];
    const one = { first: longLead, leads: 1, activities: 100_000 };
    const long = await underLoad(await preparedLog(lab, 'long-lead', [aMinute, one]));
    const { p99: first } = await long.first(longLead);
    const sizes = [];
    for (const { name, log } of logs) sizes.push({ name, running: await underLoad(log), results: [] as Result[] });
    lab.say('warming up');
    for (const running of [long, ...sizes.map((size) => size.running)]) await running.known(warmUp);
    const [ofLong, ofShort]: [Speed[], Speed[]] = [[], []];
    for (let round = 1; round <= lab.rounds; round++) {
      lab.say(`round ${round} of ${lab.rounds}`);
      for (const { running, results } of sizes) results.push(await measured(running));
      // Both by the same process, which has no other lead of that length.
      ofShort.push(await long.one(0, stretch));
      ofLong.push(await long.one(longLead, stretch));
    }
    for (const running of [long, ...sizes.map((size) => size.running)]) await running.end();
    const told = sizes.map(({ name, results }) => ({ name, results, goals: name === '5 million' }));
    const [smallest] = told;
    return smallest ? [...figuresOf(told, smallest), ...ofOneLead(ofLong, ofShort, first)] : [];
  },
};
