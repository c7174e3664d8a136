import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const fileOf = (run: string): string => join(tmpdir(), run);

/** Before a whole run: makes a place where the tests say what they ran against. */
export const setup = (): void => {
  process.env['LEADFOLD_TEST_RUN'] = `leadfold-ran-${randomUUID()}`;
};

/** After it: tells what they said. */
export const teardown = (): void => {
  const file = fileOf(process.env['LEADFOLD_TEST_RUN'] ?? '');
  if (!existsSync(file)) return;
  const lines = [...new Set(readFileSync(file, 'utf8').trim().split('\n'))].sort();
  console.log(`\nRan against\n${lines.map((line) => `  ${line}`).join('\n')}`);
  rmSync(file, { recursive: true });
};
