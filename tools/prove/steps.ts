import { z } from 'zod';
import type { Row } from '../support/tool.ts';

/** One command of the proof: an npm script with its arguments, for all of it or for a quick try. */
export type Step = {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly quick: readonly string[];
  /** What its JSON says, as rows. */
  readonly rows: (said: unknown) => readonly Row[];
};

const row = z.object({
  what: z.string(),
  found: z.string(),
  must: z.string().optional(),
  holds: z.boolean().optional(),
});
const ofTool = (said: unknown): readonly Row[] =>
  z
    .object({ rows: z.array(row) })
    .parse(said)
    .rows.map(({ what, found, must, holds }) => ({
      what,
      found,
      ...(must !== undefined && { must }),
      ...(holds !== undefined && { holds }),
    }));

const ofChaos = (said: unknown): readonly Row[] => {
  const result = z.object({
    name: z.string(),
    outcome: z.string(),
    criterion: z.string(),
    recovery: z.number().optional(),
  });
  const { results } = z.object({ results: z.array(result) }).parse(said);
  return results.map(({ name, outcome, criterion, recovery }) => ({
    what: name,
    found: recovery === undefined ? outcome : `${outcome}, recovered in ${(recovery / 1_000).toFixed(1)} s`,
    must: criterion,
    holds: outcome !== 'failed',
  }));
};

const ofReport = (said: unknown): readonly Row[] => {
  const invariant = z.object({ id: z.int(), name: z.string(), checked: z.int(), violations: z.int() });
  const { invariants } = z.object({ invariants: z.array(invariant) }).parse(said);
  return invariants.map(({ id, name, checked, violations }) => ({
    what: `${id} ${name}`,
    found: `${violations} violations in ${checked.toLocaleString('en-US')}`,
    must: '0 violations',
    holds: violations === 0,
  }));
};

const load = (events: number, concurrent: number, more: readonly string[] = []): Step => ({
  name: `load-${events / 1_000}k-${concurrent}`,
  script: 'load-test',
  rows: ofTool,
  args: [`--events=${events}`, `--concurrent=${concurrent}`, ...more],
  quick: [`--events=${events / 100}`, `--concurrent=${concurrent / 10}`, '--max-p95=20000', ...more],
});

/** All steps in their order; `folder` is for what one of them leaves to another. */
export const stepsIn = (folder: string): readonly Step[] => {
  const data = `--data-dir=${folder}`;
  return [
    { name: 'verify', script: 'verify', args: [], quick: [], rows: ofTool },
    load(10_000, 100),
    load(50_000, 200),
    load(100_000, 200, [data]),
    { name: 'verify-invariants', script: 'verify-invariants', args: [data], quick: [data], rows: ofReport },
    { name: 'rebuild', script: 'rebuild-test', args: ['--events=1000000'], quick: ['--events=2000'], rows: ofTool },
    { name: 'alike', script: 'alike-test', args: [], quick: ['--tries=5'], rows: ofTool },
    { name: 'kills', script: 'kill-test', args: ['--kills=5000'], quick: ['--kills=10'], rows: ofTool },
    { name: 'chaos', script: 'chaos-test', args: [], quick: ['duplicate-storm', '--small'], rows: ofChaos },
    {
      name: 'metrics',
      script: 'metrics',
      args: ['--duration=60'],
      rows: ofTool,
      quick: ['--duration=2', '--max-lag=30'],
    },
  ];
};

/** How a step is asked for by hand. */
export const commandOf = (script: string, args: readonly string[]): string =>
  [`npm run ${script}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
