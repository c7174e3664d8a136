import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Proven } from '../../tools/prove/page.ts';
import { proofText, writeProof } from '../../tools/prove/page.ts';
import { stepsIn } from '../../tools/prove/steps.ts';
import { runTool } from '../support/tool.ts';

const root = join(import.meta.dirname, '..', '..');
let folder = '';
let page = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leadfold-prove-'));
  page = join(folder, 'page.md');
  const empty =
    '# Page\n\nBefore.\n\n<!-- proof: written by npm run prove -->\n\nOld.\n\n<!-- end of proof -->\n\nAfter.\n';
  writeFileSync(page, empty);
});
afterEach(() => rmSync(folder, { recursive: true }));

const how = { date: '2026-01-02T03:04:05.000Z', machine: 'a machine', command: 'npm run prove' };
const good: Proven = {
  name: 'first',
  command: 'npm run verify',
  seconds: 3.2,
  passed: true,
  rows: [
    { what: 'a | b', found: '30', must: '30', holds: true },
    { what: 'told', found: '5/s' },
  ],
};
const bad: Proven = {
  name: 'second',
  command: 'npm run metrics',
  seconds: 1,
  passed: false,
  rows: [],
  error: 'exit code 1',
};

describe('npm run prove', () => {
  it('runs steps by their npm scripts and writes what came of them', async () => {
    const { code, stdout } = await runTool('prove.ts', ['--quick', '--only=verify', `--page=${page}`, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ passed: true, steps: [{ name: 'verify', command: 'npm run verify' }] });
    const written = readFileSync(page, 'utf8');
    expect(written).toMatch(
      /1 of 1 steps passed\n- Date: 20\d\d-[^]*Machine: .* cores[^]*score after signup +\| 30, warm/,
    );
    expect(written).not.toContain('Old.');
  });

  it('fails when a step does', async () => {
    const { code, stdout } = await runTool('prove.ts', ['--quick', '--only=verify-invariants', '--json']);
    expect(code).toBe(1);
    const [step] = JSON.parse(stdout).steps;
    expect(step).toMatchObject({ passed: false, rows: [], error: expect.stringContaining('exit code 2') });
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect((await runTool('prove.ts', ['--help'])).stdout).toContain('docs/operational-proof.md');
    const { code, stderr } = await runTool('prove.ts', ['--only=everything']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/There is no step everything; there are verify, load-10k-100/);
  });

  it('has a script for each step', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const asked = stepsIn(folder).map(({ script }) => script);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(asked));
  });
});

describe('the proof', () => {
  it('says when, where and how, and what failed', () => {
    const text = proofText(how, [good, bad]);
    expect(text).toContain('- 1 of 2 steps passed\n- Date: 2026-01-02T03:04:05.000Z\n- Machine: a machine');
    expect(text).toContain('`npm run metrics`: FAILED, in 1 s.\n\nIt gave no result: exit code 1');
  });

  it('stands in its place on the page, formatted as the other pages are', async () => {
    writeProof(page, proofText(how, [good, bad]));
    const written = readFileSync(page, 'utf8');
    expect(written).toMatch(/^# Page\n\nBefore\.[^]*After\.\n$/);
    expect(await format(written, { parser: 'markdown', printWidth: 120 })).toBe(written);
    expect(() => writeProof(join(root, 'README.md'), '')).toThrow('no place for results');
  });

  it.each(stepsIn('/nowhere').map((step) => [step.name, step] as const))(
    'takes no other answer for that of %s',
    (_, { rows }) => {
      expect(() => rows({ passed: true })).toThrow();
      expect(() => rows(undefined)).toThrow();
    },
  );
});
