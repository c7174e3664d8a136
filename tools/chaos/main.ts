import { bold, dim, green, red, table } from '../../demo/table.ts';
import { runScript } from '../../src/cli/command-line.ts';
import type { Asked } from './arguments.ts';
import { asked } from './arguments.ts';
import type { Case } from './case.ts';
import { cases } from './cases/index.ts';
import type { Result } from './run.ts';
import { tried } from './run.ts';

const seconds = (ms: number | undefined): string => (ms === undefined ? '' : `${(ms / 1_000).toFixed(1)} s`);

const colours = { passed: green, failed: red, skipped: dim };

const rowOf = ({ name, outcome, recovery, took, found }: Result): readonly string[] => [
  ...[name, colours[outcome](outcome), seconds(recovery), seconds(took), found],
];

const listOf = (known: readonly Case[]): string =>
  known.map(({ name, about, criterion }) => `${bold(name)}\n  ${about}\n  passes when ${criterion}`).join('\n');

const main = async (args: readonly string[]): Promise<number> => {
  const { names, list, small, json }: Asked = asked(
    args,
    cases.map(({ name }) => name),
  );
  if (list) {
    console.log(listOf(cases));
    return 0;
  }
  const results: Result[] = [];
  for (const one of cases.filter(({ name }) => names.includes(name))) {
    if (!json) console.error(dim(`${one.name}: ${one.about}`));
    results.push(await tried(one, small));
  }
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  if (json) console.log(JSON.stringify({ passed: failed === 0, results }, null, 2));
  else
    console.log(
      ['', ...table([['case', 'outcome', 'recovery', 'took', 'found'], ...results.map(rowOf)], 'llrrl'), ''].join('\n'),
    );
  return failed === 0 ? 0 : 1;
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
await runScript(async () => {
  process.exitCode = await main(process.argv.slice(2));
});
