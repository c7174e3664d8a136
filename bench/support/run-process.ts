// Runs one benchmark in a process of its own, so that whatever becomes of it, nothing that it started outlives it.
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchmarks } from '../list.ts';
import type { Lab } from './benchmark.ts';
import { Skipped } from './benchmark.ts';
import type { RunAnswer } from './run.ts';

// A signal alone would end it without ending what it started that is not on a leash.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(143));

const [name = '', rounds = '', commit] = process.argv.slice(2);

const lab: Lab = {
  folder: () => mkdtempSync(join(tmpdir(), `${name}-`)),
  prepared: async (what, make) => {
    const folder = join(tmpdir(), `prepared-${what}`);
    const done = join(folder, '.done');
    if (existsSync(done)) return folder;
    mkdirSync(folder, { recursive: true });
    await make(folder);
    writeFileSync(done, '');
    return folder;
  },
  rounds: Number(rounds),
  ...(commit !== undefined && { commit }),
  say: (what) => console.error(`${name}: ${what}`),
};

const answer = async (): Promise<RunAnswer> => {
  const benchmark = benchmarks.find((each) => each.name === name);
  if (!benchmark) return { error: `There is no benchmark ${name}` };
  try {
    return { figures: await benchmark.run(lab) };
  } catch (error) {
    if (error instanceof Skipped) return { skipped: error.message };
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
};

process.send?.(await answer(), () => process.exit(0));
