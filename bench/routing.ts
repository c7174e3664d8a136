import { join } from 'node:path';
import { openSqliteEventStore } from '../src/eventstore/sqlite/store.ts';
import type { Metadata } from '../src/eventstore/event-store.ts';
import { newIds } from '../src/new-id.ts';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { needThreads } from './support/cpu.ts';
import type { Figure } from './support/figures.ts';
import { shareOf } from './support/figures.ts';
import { startProduct } from './support/product.ts';
import type { Office } from './support/routing-cpu.ts';
import { cpuOfRouting, sendBurst } from './support/routing-cpu.ts';
import {
  assignmentsIn,
  hireReps,
  mustBeFair,
  qualifyingEvent,
  repsEach,
  routingFactsIn,
  sendPaced,
  teams,
  untilAssigned,
} from './support/routed.ts';

/** Leads that qualify at once, after some that only warm up; and known ones whose routing is measured by itself. */
const [leads, early, known] = [10_000, 2_000, 2_000];

/** Leads a second that come at a pace, for so long, in s; those of the first seconds only warm up. */
const [pace, lasting, warmUp] = [50, 30, 5];

const begun = async (lab: Lab): Promise<Office> => {
  const product = await startProduct({ dataDir: lab.folder() });
  const { projectId, apiKey } = await product.project();
  await hireReps(product, projectId);
  return { product, projectId, apiKey };
};

/** Decisions a second, from when the first of many leads qualified until the last is assigned, while the events come in. */
const burstRate = async (office: Office): Promise<number> => {
  const { dataDir } = office.product;
  await sendBurst(office, { first: 0, count: early }, qualifyingEvent);
  await sendBurst(office, { first: early, count: leads }, qualifyingEvent);
  await untilAssigned(dataDir, early + leads);
  mustBeFair(dataDir, early + leads);
  const times = assignmentsIn(dataDir).slice(early);
  const first = times.reduce((least, { qualified }) => Math.min(least, qualified), Infinity);
  const last = times.reduce((most, { assigned }) => Math.max(most, assigned), 0);
  return (leads * 1_000) / (last - first);
};

/** Leads a second when a store takes the same facts one after the other, and nothing is decided. */
const bareRate = async ({ folder }: Lab, dataDir: string): Promise<number> => {
  const facts = routingFactsIn(dataDir);
  const store = openSqliteEventStore(join(folder(), 'events.db'), { clock: () => new Date() });
  const newId = newIds();
  const revisions = new Map<string, number>();
  const start = performance.now();
  for (let at = 0; at < facts.length;) {
    const stream = facts[at]?.stream ?? '';
    const next = facts[at + 1];
    // What a lead is told of its place is one append.
    const together = next?.stream === stream && next.type === 'ResponseDue' ? 2 : 1;
    const events = facts.slice(at, at + together).map(({ type, data, metadata }) => ({
      id: newId(),
      type,
      data: JSON.parse(data) as object,
      metadata: JSON.parse(metadata) as Metadata,
    }));
    const { revision } = await store.append(stream, revisions.get(stream) ?? -1, events);
    revisions.set(stream, revision);
    at += together;
  }
  const seconds = (performance.now() - start) / 1_000;
  await store.close();
  return (early + leads) / seconds;
};

/** From when a lead qualified until it is assigned, in ms, by the log, while leads come at a pace that doesn't wait. */
const steady = async (lab: Lab) => {
  const { product, apiKey } = await begun(lab);
  await sendPaced(product, apiKey, { pace, lasting });
  await untilAssigned(product.dataDir, pace * lasting);
  await product.stop();
  mustBeFair(product.dataDir, pace * lasting);
  const times = assignmentsIn(product.dataDir).slice(pace * warmUp);
  const took = times.map(({ qualified, assigned }) => assigned - qualified);
  return { p50: shareOf(took, 0.5), p99: shareOf(took, 0.99) };
};

/** A burst, the same facts without a decision, and the CPU of routing, in a product that is warm by then. */
const measured = async (lab: Lab) => {
  const office = await begun(lab);
  const { product } = office;
  const rate = await burstRate(office);
  const bare = await bareRate(lab, product.dataDir);
  const cpu = await cpuOfRouting(office, early + leads, known);
  await untilAssigned(product.dataDir, early + leads + 2 * known);
  await product.stop();
  return { rate, bare, cpu };
};

/** How quickly leads that qualify find their rep. */
export const routing: Benchmark = {
  name: 'routing',
  about: `${leads} leads that qualify at once, each given to one of ${teams * repsEach} reps; what that costs; and how long one takes at a steady pace`,
  seconds: 300,
  apart: true,
  run: async (lab) => {
    needThreads();
    const bursts: Awaited<ReturnType<typeof measured>>[] = [];
    const waits: Awaited<ReturnType<typeof steady>>[] = [];
    for (let round = 1; round <= lab.rounds; round++) {
      const burst = await measured(lab);
      bursts.push(burst);
      lab.say(`round ${round} of ${lab.rounds}: ${Math.round(burst.rate)} leads/s, ${Math.round(burst.cpu)} µs each`);
      waits.push(await steady(lab));
    }
    const at = `At ${pace} leads/s, from qualified to assigned`;
    const rates = bursts.map(({ rate }) => rate);
    const bare = { name: 'the same facts, one append after the other', runs: bursts.map((burst) => burst.bare) };
    const cpu = bursts.map((burst) => burst.cpu);
    const figures: readonly Figure[] = [
      { name: 'Decisions in a burst, with the events coming in', unit: '/s', runs: rates, goal: { atLeast: 2_000 } },
      { name: 'Decisions in a burst against bare facts', unit: '/s', runs: rates, reference: bare },
      { name: 'CPU of all threads to route a lead that qualifies', unit: 'µs', runs: cpu, goal: { atMost: 400 } },
      { name: `${at}: p50`, unit: 'ms', runs: waits.map(({ p50 }) => p50) },
      { name: `${at}: p99`, unit: 'ms', runs: waits.map(({ p99 }) => p99), goal: { atMost: 250 } },
    ];
    return figures;
  },
};
