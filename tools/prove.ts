import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { machine } from '../bench/support/machine.ts';
import { jsonIn } from '../demo/http.ts';
import type { Proven } from './prove/page.ts';
import { proofText, writeProof } from './prove/page.ts';
import type { Step } from './prove/steps.ts';
import { commandOf, stepsIn } from './prove/steps.ts';
import { UsageError } from './support/arguments.ts';
import { passes, runAlone } from './support/tool.ts';

const root = join(import.meta.dirname, '..');

/** Runs a step as a person would, in a process of its own on a server of its own. */
const proven = async ({ name, script, rows: read, ...step }: Step, quick: boolean): Promise<Proven> => {
  const args = quick ? step.quick : step.args;
  const begun = performance.now();
  const child = spawn('npm', ['run', '--silent', script, '--', ...args, '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const said = await text(child.stdout);
  const [code] = (await ended) as [number | null];
  const how = { name, command: commandOf(script, args), seconds: (performance.now() - begun) / 1_000 };
  try {
    const rows = read(jsonIn(said));
    return { ...how, rows, passed: code === 0 && rows.length > 0 && passes(rows) };
  } catch {
    return { ...how, rows: [], passed: false, error: `exit code ${code}, ${said.slice(0, 300) || 'nothing said'}` };
  }
};

const chosen = (steps: readonly Step[], only: readonly string[] | undefined): readonly Step[] => {
  const names = steps.map(({ name }) => name);
  const unknown = (only ?? []).filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new UsageError(`There is no step ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return steps.filter(({ name }) => only === undefined || only.includes(name));
};

const prove = async (steps: readonly Step[], quick: boolean, say: (line: string) => void) => {
  const all: Proven[] = [];
  for (const step of steps) {
    say(`${step.name}: ${commandOf(step.script, quick ? step.quick : step.args)}`);
    const one = await proven(step, quick);
    say(`${step.name}: ${one.passed ? 'passed' : 'FAILED'} in ${one.seconds.toFixed(0)} s`);
    all.push(one);
  }
  return all;
};

await runAlone({
  name: 'prove',
  about: 'Runs all that proves that the service works, from a clean state, and writes down what came of it.',
  options: (script) =>
    script
      .option('--quick', 'each step as small as it goes, written nowhere unless --page says where')
      .option(
        '--only <step>',
        'this step only (may be given more than once); written nowhere unless --page says where',
        (step: string, before: readonly string[] = []) => [...before, step],
      )
      .option('--page <file>', 'the page to write to (default: docs/operational-proof.md)'),
  run: async ({ quick = false, only, page }, say) => {
    const folder = mkdtempSync(join(tmpdir(), 'leadfold-proof-'));
    try {
      const steps = chosen(stepsIn(folder), only);
      const all = await prove(steps, quick, say);
      const shown = all.map((one) => ({ ...one, command: one.command.replaceAll(folder, '<folder>') }));
      const how = { date: new Date().toISOString(), machine: machine() };
      const written = page ?? (quick || only ? undefined : join(root, 'docs', 'operational-proof.md'));
      const command = commandOf('prove', [
        ...(quick ? ['--quick'] : []),
        ...(only ?? []).map((each) => `--only=${each}`),
      ]);
      if (written !== undefined) writeProof(written, proofText({ ...how, command }, shown));
      const rows = shown.map(({ name, passed, seconds, command: run }) => ({
        what: name,
        found: `${passed ? 'passed' : 'failed'} in ${seconds.toFixed(0)} s`,
        must: run,
        holds: passed,
      }));
      return { rows, more: { ...how, steps: shown } };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
