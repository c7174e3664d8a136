import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { childEnv } from './child-env.ts';

const root = join(import.meta.dirname, '..', '..');

/** Makes a folder as an operator has it: the product, and its data beside it. */
export const operatorFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-runbooks-'));
  for (const name of ['package.json', 'node_modules', 'src', 'tools', 'bench', 'demo'])
    symlinkSync(join(root, name), join(folder, name));
  return folder;
};

/** The commands of a page of the runbooks, block by block. */
export const blocksOf = (page: string): readonly string[] =>
  [...readFileSync(join(root, 'docs', 'runbooks', page), 'utf8').matchAll(/^```bash\n([^]*?)^```/gm)].map(
    ([, code = '']) => code,
  );

type Place = {
  readonly folder: string;
  /** Where the server is that is asked. */
  readonly url: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs commands as an operator would, after those that every runbook begins with; one that fails ends it. */
export const runBlocks = async (blocks: readonly string[], { folder, url, env = {} }: Place) => {
  const script = [...blocksOf('README.md'), ...blocks]
    .join('\n')
    .replaceAll('http://127.0.0.1:4000', url)
    .replaceAll('curl -s', 'curl -sS --fail-with-body')
    // The same script of package.json without a start of npm before each.
    .replaceAll('npm run ', `${process.execPath} --run `);
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { ...childEnv(), HOME: process.env['HOME'], PORT: new URL(url).port, LOG_LEVEL: 'silent', ...env },
  });
  const ended = new Promise<number | null>((resolve) => shell.on('close', resolve));
  const [out, problems] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  return { output: out + problems, code: await ended };
};
