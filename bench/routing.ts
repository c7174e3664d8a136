import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteEventStore } from '../src/eventstore/sqlite/store.ts';
import type { Metadata } from '../src/eventstore/event-store.ts';
import { newIds } from '../src/new-id.ts';
import type { Benchmark, Lab } from './support/benchmark.ts';
import { batchesOf } from './support/events.ts';
import type { Figure } from './support/figures.ts';
import { shareOf } from './support/figures.ts';
import { loaded } from './support/load.ts';
import type { Product } from './support/product.ts';
import { startProduct } from './support/product.ts';
import {
  assignmentsIn,
  hireReps,
  mustBeFair,
  qualifyingEvent,
  repsEach,
  routingFactsIn,
  teams,
  untilAssigned,
} from './support/routed.ts';

const [leads, size] = [10_000, 500];

/** Leads a second that come at a pace, for so long, in s; those of the first seconds only warm up. */
const [pace, lasting, warmUp] = [50, 30, 5];

const begun = async (lab: Lab) => {
  const product = await startProduct({ dataDir: lab.folder() });
  const { projectId, apiKey } = await product.project();
  await hireReps(product, projectId);
  return { product, apiKey };
};

/** Decisions a second, from when the first of many leads qualified until the last is assigned, while the events come in. */
const burst = async (lab: Lab) => {
  const { product, apiKey } = await begun(lab);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  const bodies = batchesOf(qualifyingEvent, { count: leads / size, size, field: 'events' });
  await loaded({ url: product.url, path: '/api/events/batch', connections: 4, headers, bodies, once: true }, 200);
  await untilAssigned(product.dataDir, leads);
  await product.stop();
  mustBeFair(product.dataDir, leads);
  const times = assignmentsIn(product.dataDir);
  const first = times.reduce((least, { qualified }) => Math.min(least, qualified), Infinity);
  const last = times.reduce((most, { assigned }) => Math.max(most, assigned), 0);
  return { rate: (leads * 1_000) / (last - first), dataDir: product.dataDir };
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
  return leads / seconds;
};

const sendPaced = async (product: Product, apiKey: string): Promise<void> => {
  const sent: Promise<void>[] = [];
  const start = performance.now();
  for (let index = 0; index < pace * lasting; index++) {
    const wait = start + (index * 1_000) / pace - performance.now();
    if (wait > 0) await sleep(wait);
    const answered = product.ask('POST', '/api/events/ingest', apiKey, qualifyingEvent(index)).then(async (answer) => {
      if (answer.status !== 202) throw new Error(`An event was answered ${answer.status}: ${await answer.text()}`);
      await answer.arrayBuffer();
    });
    sent.push(answered);
  }
  await Promise.all(sent);
};

/** From when a lead qualified until it is assigned, in ms, by the log, while leads come at a pace that doesn't wait. */
const steady = async (lab: Lab) => {
  const { product, apiKey } = await begun(lab);
  await sendPaced(product, apiKey);
  await untilAssigned(product.dataDir, pace * lasting);
  await product.stop();
  mustBeFair(product.dataDir, pace * lasting);
  const times = assignmentsIn(product.dataDir).slice(pace * warmUp);
  const took = times.map(({ qualified, assigned }) => assigned - qualified);
  return { p50: shareOf(took, 0.5), p99: shareOf(took, 0.99) };
};

/** How quickly leads that qualify find their rep. */
export const routing: Benchmark = {
  name: 'routing',
  about: `${leads} leads that qualify at once, each given to one of ${teams * repsEach} reps; and how long one takes at a steady pace`,
  seconds: 240,
  apart: true,
  run: async (lab) => {
    const [rates, bare]: [number[], number[]] = [[], []];
    const waits: Awaited<ReturnType<typeof steady>>[] = [];
    for (let round = 1; round <= lab.rounds; round++) {
      const { rate, dataDir } = await burst(lab);
      rates.push(rate);
      bare.push(await bareRate(lab, dataDir));
      lab.say(`round ${round} of ${lab.rounds}: ${[rate, bare.at(-1) ?? 0].map(Math.round).join(', ')} leads/s`);
      waits.push(await steady(lab));
    }
    const at = `At ${pace} leads/s, from qualified to assigned`;
    const figures: readonly Figure[] = [
      {
        name: 'Decisions, in a burst with the events coming in',
        unit: '/s',
        runs: rates,
        reference: { name: 'the same facts appended, one append after the other', runs: bare },
      },
      { name: `${at}: p50`, unit: 'ms', runs: waits.map(({ p50 }) => p50) },
      { name: `${at}: p99`, unit: 'ms', runs: waits.map(({ p99 }) => p99), goal: { atMost: 250 } },
    ];
    return figures;
  },
};
