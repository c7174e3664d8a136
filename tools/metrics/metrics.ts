import { setTimeout as sleep } from 'node:timers/promises';
import { grouped } from '../../demo/table.ts';
import { loaded } from '../load/generator.ts';
import { requestsOf } from '../load/mix.ts';
import type { Reading } from './reading.ts';
import { readingOf } from './reading.ts';
import { wholeFrom } from '../support/arguments.ts';
import { newProject } from '../support/project.ts';
import type { Target } from '../support/target.ts';
import type { Row } from '../support/tool.ts';
import { toolOf } from '../support/tool.ts';

/** A reading, so many seconds after the first, with the events a second that were processed since the one before. */
type Moment = Reading & { readonly second: number; readonly rate: number };

const lineOf = ({ second, lag, lagSeconds, rate, queue, memory, failed }: Moment): string =>
  [
    `${second.toFixed(0).padStart(4)} s`,
    `lag ${grouped(lag)} events, ${lagSeconds.toFixed(1)} s`,
    `${grouped(Math.round(rate))}/s processed`,
    `queue ${grouped(queue)}`,
    `memory ${Math.round(memory)} MB`,
    `failed ${failed}`,
  ].join(' · ');

/** Looks once a second for so many seconds. */
const watched = async (target: Target, seconds: number, say: (line: string) => void): Promise<readonly Moment[]> => {
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1_000;
  const moments: Moment[] = [];
  for (let nth = 0; nth <= seconds; nth++) {
    await sleep(Math.max(0, (nth - elapsed()) * 1_000));
    const [second, before] = [elapsed(), moments.at(-1)];
    const reading = await readingOf(target);
    const rate = before ? Math.max(0, reading.processed - before.processed) / (second - before.second) : 0;
    const moment = { ...reading, second, rate };
    moments.push(moment);
    say(lineOf(moment));
  }
  return moments;
};

type Values = {
  readonly duration: number;
  readonly rate?: number | undefined;
  readonly maxLag: number;
  readonly maxQueue: number;
  readonly maxMemory: number;
  readonly maxFailed: number;
};

const atMost = (what: string, unit: string, [value, limit]: readonly [number, number], about = ''): Row => ({
  what,
  must: `at most ${grouped(limit)}${unit}`,
  holds: value <= limit,
  found: `${value.toLocaleString('en-US', { maximumFractionDigits: 1 })}${unit}${about}`,
});

const summary = (moments: readonly Moment[], values: Values): readonly Row[] => {
  const most = (of: (moment: Moment) => number): number => Math.max(...moments.map(of));
  const [first, last] = [moments[0], moments.at(-1)];
  const spent = last && first ? last.second - first.second : 0;
  const processed = last && first ? last.processed - first.processed : 0;
  const stalled = [...new Set(moments.flatMap((moment) => moment.stalled))];
  return [
    atMost('lag, most', ' s', [most(({ lagSeconds }) => lagSeconds), values.maxLag]),
    atMost('queue depth, most', '', [most(({ queue }) => queue), values.maxQueue], `, ${last?.queue ?? 0} at the end`),
    { what: 'processed', found: `${grouped(processed)} facts, ${grouped(Math.round(processed / spent))}/s` },
    atMost('memory, most', ' MB', [most(({ memory }) => memory), values.maxMemory]),
    atMost('failed work', '', [most(({ failed }) => failed), values.maxFailed]),
    { what: 'stalled', found: stalled.join(', ') || 'nothing', must: 'nothing', holds: stalled.length === 0 },
  ];
};

/** Sends events by the clock, until as many are answered as the time is long. */
const traffic = async (target: Target, rate: number, seconds: number): Promise<readonly Row[]> => {
  if (rate === 0) return [];
  const { key } = await newProject(target, 'Metrics');
  const requests = requestsOf(rate * seconds, 1);
  const { results, p95 } = await loaded({ url: target.url, key, requests, concurrent: 50, rate });
  const good = results[202] ?? 0;
  const found = `${grouped(good)} of ${grouped(requests.length)} acknowledged, p95 ${p95.toFixed(1)} ms`;
  return [{ what: 'sent meanwhile', found, must: 'all', holds: good === requests.length }];
};

/** The tool as its command line runs it. */
export const metrics = toolOf({
  name: 'metrics',
  about: 'Watches lag, processing rate, queue depth, memory and failed work, a line a second and a summary.',
  options: (script) =>
    script
      .option('--duration <seconds>', 'how long it looks, once a second', wholeFrom('duration', 1), 60)
      .option(
        '--rate <events/s>',
        'what it sends meanwhile, to a project of its own (default: 100 to an own server, else nothing)',
        wholeFrom('rate', 0),
      )
      .option(
        '--max-lag <seconds>',
        'how long the oldest event may wait that a reader has not handled',
        wholeFrom('max-lag', 0),
        5,
      )
      .option('--max-queue <count>', 'how many events and jobs may wait', wholeFrom('max-queue', 0), 10_000)
      .option('--max-memory <MB>', 'how much memory the process may have', wholeFrom('max-memory', 1), 1_000)
      .option('--max-failed <count>', 'how much failed work there may be', wholeFrom('max-failed', 0), 0),
  run: async ({ target, values, say }) => {
    const { duration, rate = target.own ? 100 : 0 } = values;
    const [moments, sent] = await Promise.all([watched(target, duration, say), traffic(target, rate, duration)]);
    return { rows: [...summary(moments, values), ...sent], more: { moments } };
  },
});
