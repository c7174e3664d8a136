import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HelpAsked, UsageError } from '../../src/cli/command-line.ts';
import { openProgram } from '../../src/cli/program.ts';

const { commands } = openProgram();
const names = commands.map((command) => command.name());
const { scripts } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));

/** Why a command line does nothing: help that was asked for, or what is wrong with it. */
const saidTo = async (...args: readonly string[]): Promise<unknown> => {
  try {
    return await openProgram().parseAsync([...args], { from: 'user' });
  } catch (error) {
    return error;
  }
};

describe('The program of the operator', () => {
  it('tells what commands there are, also where none is given', async () => {
    const help = await saidTo('--help');
    expect(help).toBeInstanceOf(HelpAsked);
    for (const name of names) expect(String(help)).toMatch(new RegExp(`^ +${name} `, 'm'));
    expect(await saidTo()).toBeInstanceOf(UsageError);
    expect(String(await saidTo())).toMatch(/Give a command\n\nUsage: npm run leadfold -- /);
  });

  it('tells of a command that it does not know the nearest one', async () => {
    expect(String(await saidTo('rebuid'))).toContain("Unknown command 'rebuid'; did you mean rebuild?");
  });

  it.each(names)('has a script for %s, whose help says how it is called and what it takes', async (name) => {
    expect(scripts[name]).toBe(`${scripts.leadfold} ${name}`);
    const help = await saidTo(name, '--help');
    expect(help).toBeInstanceOf(HelpAsked);
    expect(String(await saidTo('help', name))).toBe(String(help));
    const options = commands.find((command) => command.name() === name)?.options ?? [];
    for (const part of [`npm run ${name} -- `, 'Exit code: 0', ...options.map(({ flags }) => flags)])
      expect(String(help)).toContain(part);
  });

  it.each(names)('refuses what %s does not know, and says what there is instead', async (name) => {
    const help = String(await saidTo(name, '--help')).replace('HelpAsked: ', '');
    const wrong = await saidTo(name, '--hepl');
    expect(wrong).toBeInstanceOf(UsageError);
    expect(wrong).toMatchObject({ message: `Unknown option '--hepl'; did you mean --help?\n\n${help}` });
    expect(String(await saidTo(name, '--nonsense'))).toMatch(/Unknown option '--nonsense'\n\nUsage/);
    expect(String(await saidTo(name, 'one', 'two'))).toContain('Too many arguments');
  });

  it('repeats no value of an option that it does not know, which may be a key', async () => {
    const wrong = String(await saidTo('rebuild', '--kye=s3cret', 'leads'));
    expect(wrong).toMatch(/Unknown option '--kye'; did you mean --key\?\n/);
    expect(wrong).not.toContain('s3cret');
  });

  it('asks for what an option is about', async () => {
    expect(String(await saidTo('migrate', '--from'))).toContain("Option '--from <location>' argument missing");
  });

  it.each([[[]], [['leads', '--all']], [['leads', '--project', 'p1']], [['--project', 'p1', '--all']]])(
    'rebuilds one thing at a time, not %j',
    async (args) => {
      const wrong = await saidTo('rebuild', ...args);
      expect(wrong).toBeInstanceOf(UsageError);
      expect(String(wrong)).toContain('Give either a projection, --project or --all\n\nUsage: npm run rebuild -- ');
    },
  );
});
