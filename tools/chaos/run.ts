import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Case, Ground } from './case.ts';
import { startServer } from './server.ts';

/** What became of a case. Times are in ms. */
export type Result = {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly criterion: string;
  /** What was found, why it failed, or why it was skipped. */
  readonly found: string;
  readonly recovery?: number;
  readonly took: number;
};

type Undo = () => void | Promise<void>;

const groundOf = (small: boolean, undone: Undo[]): Ground => {
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'leadfold-chaos-'));
    undone.push(() => rmSync(made, { recursive: true, force: true }));
    return made;
  };
  return {
    folder,
    many: (count) => (small ? Math.ceil(count / 10) : count),
    after: (undo) => void undone.push(undo),
    server: async ({ dataDir = folder(), env = {} } = {}) => {
      const server = await startServer({ dataDir, env });
      undone.push(server.kill);
      return server;
    },
  };
};

const outcomeOf = async ({ run }: Case, ground: Ground): Promise<Pick<Result, 'outcome' | 'found' | 'recovery'>> => {
  try {
    const answer = await run(ground);
    return 'skipped' in answer ? { outcome: 'skipped', found: answer.skipped } : { outcome: 'passed', ...answer };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
    return {
      outcome: 'failed',
      found: ['Broken', 'Unexpected'].includes(error.name) ? error.message : `${String(error)}${cause}`,
    };
  }
};

/** Tries one case, and removes everything that it made. */
export const tried = async (one: Case, small: boolean): Promise<Result> => {
  const undone: Undo[] = [];
  const begun = performance.now();
  const outcome = await outcomeOf(one, groundOf(small, undone));
  for (const undo of undone.reverse()) await undo();
  return { name: one.name, criterion: one.criterion, ...outcome, took: performance.now() - begun };
};
