import { z } from 'zod';
import type { Loaded } from './generator.ts';
import { loaded } from './generator.ts';
import { countedWrong } from './counted.ts';
import { requestsOf } from './mix.ts';
import { wholeFrom } from '../support/arguments.ts';
import { markedEnd, newProject } from '../support/project.ts';
import { soundnessOf, soundnessRow } from '../support/soundness.ts';
import type { Row } from '../support/tool.ts';
import { toolOf } from '../support/tool.ts';

type Values = {
  readonly events: number;
  readonly concurrent: number;
  readonly rate?: number | undefined;
  readonly batch: number;
  readonly maxP95: number;
};

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const rowsOf = ({ events, batch, maxP95, rate }: Values, load: Loaded, requests: number): readonly Row[] => {
  const good = load.results[batch === 1 ? 202 : 200] ?? 0;
  const told = Object.entries(load.results).map(([result, count]) => `${result}: ${whole(count)}`);
  const share = (100 * good) / requests;
  return [
    {
      what: 'success',
      found: `${share.toFixed(good === requests ? 0 : 3)} % (${told.join(', ')})`,
      must: '100 %',
      holds: good === requests,
    },
    { what: 'throughput', found: `${whole(events / load.seconds)} events/s in ${load.seconds.toFixed(1)} s` },
    { what: 'latency p50', found: ms(load.p50) },
    { what: 'latency p95', found: ms(load.p95), must: `at most ${maxP95} ms`, holds: load.p95 <= maxP95 },
    { what: 'latency p99', found: ms(load.p99) },
    { what: 'latency max', found: ms(load.max) },
    ...(rate === undefined ? [] : [{ what: 'latest put in line', found: `${ms(load.late)} after it was due` }]),
  ];
};

const countedRow = ({ leads, wrong }: Awaited<ReturnType<typeof countedWrong>>): Row => ({
  what: 'each event scored once',
  found: `${whole(wrong.length)} violations in ${whole(leads)} leads`,
  must: '0 violations',
  holds: wrong.length === 0,
  details: wrong.slice(0, 10),
});

/** The tool as its command line runs it. */
export const loadTest = toolOf({
  name: 'load-test',
  about: 'Sends events, measures the answers, and checks that each event is scored exactly once.',
  options: (script) =>
    script
      .option('--events <count>', 'how many events are sent, ten of each lead', wholeFrom('events', 1), 10_000)
      .option(
        '--concurrent <count>',
        'over how many connections, each sending the next when it has its answer',
        wholeFrom('concurrent', 1),
        100,
      )
      .option(
        '--rate <events/s>',
        'send by the clock instead; latency counts from when a request was due',
        wholeFrom('rate', 1),
      )
      .option('--batch <count>', 'how many events a request has, at most 5000', wholeFrom('batch', 1), 1)
      .option('--max-p95 <ms>', 'the p95 latency at which it fails', wholeFrom('max-p95', 1), 200),
  run: async ({ target, values, say }) => {
    const { events, concurrent, rate, batch, maxP95 } = values;
    const project = await newProject(target, 'Load test');
    const requests = requestsOf(events, batch);
    say(`sending ${whole(events)} events over ${concurrent} connections to ${target.url}`);
    const perSecond = rate === undefined ? undefined : rate / batch;
    const load = await loaded({ url: target.url, key: project.key, requests, concurrent, rate: perSecond });
    say('waiting until all is projected, then reading every lead and its history');
    const end = await markedEnd(target);
    const begun = performance.now();
    await project.get('/api/leads?limit=1', z.unknown(), end);
    const projected = performance.now() - begun;
    const counted = await countedWrong(project, events, end);
    const sound = await soundnessOf(target, project.projectId);
    const rows = [
      ...rowsOf(values, load, requests.length),
      { what: 'projected', found: `${ms(projected)} after the last answer` },
      countedRow(counted),
      soundnessRow(sound),
    ];
    return {
      rows,
      more: {
        events,
        concurrent,
        rate,
        batch,
        maxP95,
        ...load,
        projectedMs: projected,
        leads: counted.leads,
        violations: counted.wrong.length,
      },
    };
  },
});
