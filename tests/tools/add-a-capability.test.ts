import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childEnv } from '../support/child-env.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/how-to/add-a-capability.md'), 'utf8');
/** For what takes some ten seconds of a whole core, in ms: others may use it, too. */
const patience = 180_000;

const copied = ['src', 'tests', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

/** A block of the page that says which file it is, or what changes in it. */
type Block = { readonly path: string; readonly kind: string; readonly text: string };

const blocksIn = (text: string): readonly Block[] =>
  [...text.matchAll(/^```(\w+) (\S+)\n([^]*?)^```$/gm)].map(([, kind = '', path = '', inside = '']) => {
    return { path, kind, text: inside };
  });

/** A file with the changes of a block, each of which names lines that are there once. */
const patched = (before: string, { path, text }: Block): string => {
  const lines = (change: string, kept: RegExp): string =>
    change
      .split('\n')
      .filter((line) => kept.test(line))
      .map((line) => `${line.slice(1)}\n`)
      .join('');
  const changes = text.split(/\n\n+/).filter((change) => change.trim() !== '');
  const after = changes.reduce((file, change) => {
    const old = lines(change, /^[ -]/);
    const parts = file.split(`\n${old}`);
    if (parts.length !== 2) throw new Error(`${path} has these lines ${parts.length - 1} times:\n${old}`);
    return parts.join(`\n${lines(change, /^[ +]/)}`);
  }, `\n${before}`);
  return after.slice(1);
};

const blocks = blocksIn(page);
const folder = mkdtempSync(join(tmpdir(), 'leadfold-capability-'));
const inCopy = (path: string): string => join(folder, path);

const apply = (block: Block): void => {
  const at = inCopy(block.path);
  if (block.kind !== 'diff' && existsSync(at)) throw new Error(`${block.path} is there already`);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, block.kind === 'diff' ? patched(readFileSync(at, 'utf8'), block) : block.text);
};

beforeAll(() => {
  for (const path of copied) cpSync(join(root, path), inCopy(path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), inCopy('node_modules'));
  blocks.forEach(apply);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('The page that adds a capability', () => {
  it('changes a few files, in the rooms that it is about', () => {
    const source = blocks.map(({ path }) => path).filter((path) => path.startsWith('src/'));
    const rooms = /^src\/(domain\/lead|commands\/lead|commands|projections|queries\/lead|api\/routes)\/[a-z-]+\.ts$/;
    expect(source.filter((path) => !rooms.test(path))).toEqual([]);
    expect(source).toHaveLength(9);
  });

  it('has types that fit, where it says what is true, asked and seen', { timeout: patience }, () => {
    const { config } = ts.readConfigFile(inCopy('tsconfig.json'), (path) => ts.sys.readFile(path));
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
    // The types of routes and tests take longest, and both are run.
    const paths = [...new Set(blocks.map(({ path }) => path))].filter((path) =>
      /^src\/(domain|commands\/lead|projections)\//.test(path),
    );
    const program = ts.createProgram(paths.map(inCopy), options);
    const found = paths.flatMap((path) => program.getSemanticDiagnostics(program.getSourceFile(inCopy(path))));
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
    expect(paths).toHaveLength(5);
  });

  it('works: its tests pass, of the command, the document, and the way over HTTP', { timeout: patience }, async () => {
    const tests = [...new Set(blocks.map(({ path }) => path).filter((path) => path.endsWith('.test.ts')))];
    expect(tests).toHaveLength(3);
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [vitest, 'run', '--project', 'leadfold', '--maxWorkers', '1', '--reporter', 'json', ...tests],
      { cwd: folder, env: { ...childEnv(), TEST_BUNDLE: '' } },
    );
    const { numTotalTests, numPassedTests } = JSON.parse(
      stdout.slice(stdout.indexOf('{'), stdout.lastIndexOf('}') + 1),
    );
    expect(numPassedTests).toBe(numTotalTests);
    expect(numTotalTests).toBeGreaterThan(5);
  });
});

describe('A change on a page', () => {
  const block = (text: string): Block => ({ path: 'a.ts', kind: 'diff', text });

  it('is made where its lines are', () => {
    const file = 'import a;\nconst b = 1;\nconst c = 2;\n';
    expect(patched(file, block(' import a;\n+const d = 3;\n\n-const c = 2;\n+const c = 4;\n'))).toBe(
      'import a;\nconst d = 3;\nconst b = 1;\nconst c = 4;\n',
    );
  });

  it('is refused where the lines are not, or are twice', () => {
    expect(() => patched('const b = 1;\n', block(' const b\n+const d = 1;\n'))).toThrow('0 times');
    expect(() => patched('f();\ng();\nf();\n', block(' f();\n+h();\n'))).toThrow('2 times');
  });
});
