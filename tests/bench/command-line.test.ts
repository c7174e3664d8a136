import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asked } from '../../bench/support/arguments.ts';

const file = join(import.meta.dirname, '../../bench/main.ts');
const failure = z.object({ code: z.number(), stderr: z.string(), stdout: z.string() });

const bench = async (...args: readonly string[]) => {
  const flags = ['--disable-warning=ExperimentalWarning', file, ...args];
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, flags)) };
  } catch (error) {
    return failure.parse(error);
  }
};

describe('the command line of the benchmarks', () => {
  it('says what there is', async () => {
    const { code, stdout } = await bench('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--rounds');
    expect(stdout).toContain('ingest-single');
    expect(stdout).not.toContain('Commands:');
  });

  it('tells of an unknown name what there is instead, and measures nothing', async () => {
    const { code, stderr, stdout } = await bench('ingest-sngle');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^There is no benchmark ingest-sngle; there are .*ingest-single/);
  });

  it('tells of an unknown commit, and measures nothing', async () => {
    const { code, stderr, stdout } = await bench('against', '--commit=no-such-commit');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/commit/);
  });
});

describe('what is asked for', () => {
  const names = ['first', 'second', 'third'];
  const known = names.map((name) => ({ name, about: 'measures' }));

  it('is everything, unless something is said', () => {
    expect(asked([], known)).toEqual({ names, json: false, write: false });
    const apart = { name: 'long', about: 'measures', apart: true };
    expect(asked([], [...known, apart]).names).toEqual(names);
    expect(asked(['long'], [...known, apart]).names).toEqual(['long']);
  });

  it('is what is named, in the order in which they run', () => {
    expect(asked(['third', 'first', '--rounds', '5', '--json'], known)).toMatchObject({
      names: ['first', 'third'],
      rounds: 5,
      json: true,
    });
  });

  it('is a comparison with another commit only where one is named', () => {
    const all = [...known, { name: 'versus', about: 'compares', ofCommit: true }];
    expect(asked([], all).names).toEqual(names);
    expect(asked(['--commit', 'main'], all)).toMatchObject({ names: [...names, 'versus'], commit: 'main' });
    expect(asked(['versus', '--commit=main'], all)).toMatchObject({ names: ['versus'], commit: 'main' });
    expect(() => asked(['versus'], all)).toThrow('versus compares with another commit: say which with --commit');
    expect(() => asked(['first', '--commit=main'], all)).toThrow('--commit is for versus, which is not among');
  });

  it.each([
    [['--round'], /Unknown option '--round'; did you mean --rounds\?[^]*--rounds <count>/],
    [['--rounds', 'many'], /--rounds is many; give a whole number/],
    [['--rounds', '0'], /--rounds is 0; give a whole number/],
    [['first', 'last'], /no benchmark last; there are first, second, third/],
  ])('can not be %s', (args, message) => {
    expect(() => asked(args, known)).toThrow(message);
  });
});
