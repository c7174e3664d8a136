import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tells the end of the run what ran, such as a contract and what it ran against, each line once a call. */
export const ran = (line: string): void => {
  const run = process.env['LEADFOLD_TEST_RUN'];
  if (run !== undefined) appendFileSync(join(tmpdir(), run), `${line}\n`);
};
