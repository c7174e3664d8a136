import type { Figure } from './figures.ts';
import { started } from './processes.ts';

/** What came of a benchmark. */
export type RunAnswer =
  { readonly figures: readonly Figure[] } | { readonly skipped: string } | { readonly error: string };

const ownEnv = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

/** How to run a benchmark; `commit` is the full id of the one to compare with. */
export type Running = { readonly rounds: number; readonly commit?: string };

/** How long a run that is stopped may take to end what it started, in ms. */
const grace = 2_000;

/** Runs a benchmark in a process of its own, until `stop`. Whatever it leaves behind is in `folder`. */
export const runOf = async (
  name: string,
  { rounds, commit }: Running,
  folder: string,
  stop: AbortSignal,
): Promise<RunAnswer> => {
  const run = started('bench/support/run-process.ts', {
    args: [name, String(rounds), ...(commit === undefined ? [] : [commit])],
    env: { ...ownEnv(), TMPDIR: folder },
  });
  const end = (): void => {
    run.child.kill('SIGTERM');
    setTimeout(() => run.child.kill('SIGKILL'), grace).unref();
  };
  stop.addEventListener('abort', end);
  try {
    return (await run.says()) as RunAnswer;
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    stop.removeEventListener('abort', end);
    await run.end('SIGTERM');
  }
};
