import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScript } from '../src/cli/command-line.ts';
import { benchmarks } from './list.ts';
import type { Asked } from './support/arguments.ts';
import { asked } from './support/arguments.ts';
import { commitIn } from './support/commit.ts';
import type { Told } from './support/figures.ts';
import { told } from './support/figures.ts';
import { machine } from './support/machine.ts';
import type { Measured } from './support/page.ts';
import { writeResults } from './support/page.ts';
import { root } from './support/processes.ts';
import { runOf } from './support/run.ts';
import { plainTable } from './support/table.ts';

/** Measures until `stop`, and says on the way what became of each benchmark: figures, or why there are none. */
const measure = async ({ names, rounds, commit, json }: Asked, folder: string, stop: AbortSignal) => {
  const figures = new Map<string, readonly Told[]>();
  const unmeasured: Record<string, string> = {};
  for (const { name, rounds: usual = 3, ofCommit } of benchmarks.filter((each) => names.includes(each.name))) {
    const begun = performance.now();
    const running = { rounds: rounds ?? usual, ...(ofCommit && commit !== undefined && { commit }) };
    const answer = await runOf(name, running, folder, stop);
    if (stop.aborted) break;
    console.error(`${name}: ${Math.round((performance.now() - begun) / 1_000)} s`);
    if ('figures' in answer) {
      figures.set(name, answer.figures.map(told));
      if (!json) console.log(`\n${plainTable(answer.figures.map(told))}\n`);
    } else {
      const [what, why] = 'skipped' in answer ? ['was skipped', answer.skipped] : ['failed', answer.error];
      unmeasured[name] = why;
      console.error(`${name} ${what}: ${why}`);
      if ('error' in answer) process.exitCode = 1;
    }
  }
  return { figures, unmeasured };
};

const commandOf = (args: readonly string[]): string =>
  ['npm run bench', ...(args.length > 0 ? ['--'] : []), ...args].join(' ');

const main = async (args: readonly string[]): Promise<void> => {
  const said = asked(args, benchmarks);
  const wanted: Asked = { ...said, ...(said.commit !== undefined && { commit: commitIn(root, said.commit) }) };
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-bench-'));
  // What was killed a moment ago may still be writing.
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
  process.once('exit', remove);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());

  const { figures, unmeasured } = await measure(wanted, folder, stopping.signal);
  if (stopping.signal.aborted) process.exit(130);
  const how = { date: new Date().toISOString().slice(0, 10), machine: machine(), command: commandOf(args) };
  const results = Object.fromEntries(
    [...figures].map(([name, each]): [string, Measured] => [name, { ...how, figures: each }]),
  );
  if (wanted.json) console.log(JSON.stringify({ ...how, results, unmeasured }, null, 2));
  if (wanted.write) writeResults(join(import.meta.dirname, '..', 'docs'), benchmarks, results);
};

await runScript(() => main(process.argv.slice(2)));
