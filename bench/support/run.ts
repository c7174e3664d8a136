import type { Figure } from './figures.ts';
import { started } from './processes.ts';

/** What came of a benchmark. */
export type RunAnswer =
  { readonly figures: readonly Figure[] } | { readonly skipped: string } | { readonly error: string };

const ownEnv = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

/** Runs a benchmark in a process of its own. Whatever it leaves behind is in `folder`. */
export const runOf = async (name: string, rounds: number, folder: string): Promise<RunAnswer> => {
  const run = started('bench/support/run-process.ts', {
    args: [name, String(rounds)],
    env: { ...ownEnv(), TMPDIR: folder },
  });
  try {
    return (await run.says()) as RunAnswer;
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    await run.end('SIGTERM');
  }
};
