import type { CommanderError, CommandUnknownOpts } from '@commander-js/extra-typings';
import { Command } from '@commander-js/extra-typings';
import { nearestOf } from '../domain/nearest.ts';

/** The command line can't be understood. The message says what is wrong, and what there is instead. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The command line asks how it is used. The message says it. */
export class HelpAsked extends Error {
  constructor(help: string) {
    super(help);
    this.name = 'HelpAsked';
  }
}

const silent = (): void => undefined;

const helpOf = (command: CommandUnknownOpts): string => {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => void parts.push(part) }).outputHelp();
  return parts.join('').trimEnd();
};

/** What the library says of an option that it does not know, without the value: that may be a key. */
const unknownOption = /^error: unknown option '([^='\n]*)/;

/** What the library says is wrong, as a sentence that names the nearest that there is. */
const problemIn = ({ code, message }: CommanderError, command: CommandUnknownOpts): string => {
  if (code === 'commander.help') return 'Give a command';
  const given = unknownOption.exec(message)?.[1];
  if (given !== undefined) {
    const known = command.createHelp().visibleOptions(command);
    const names = known.flatMap(({ long }) => long ?? []);
    const meant = nearestOf(given, names, 2);
    return `Unknown option '${given}'${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  const [problem = '', ...nearest] = message.replace(/^error: /, '').split('\n');
  const meant = nearest.map((line) => `; ${line.replace(/^\(D(.*)\)$/, 'd$1')}`);
  return `${problem.charAt(0).toUpperCase()}${problem.slice(1)}${meant.join('')}`;
};

/** Has a command throw `HelpAsked` and `UsageError`, with its help, where the library would print and end the process. */
export const throwing = <C extends CommandUnknownOpts>(command: C): C =>
  command.configureOutput({ writeOut: silent, writeErr: silent, outputError: silent }).exitOverride((error) => {
    if (error.exitCode === 0) throw new HelpAsked(helpOf(command));
    throw new UsageError(`${problemIn(error, command)}\n\n${helpOf(command)}`);
  });

/** A command line that an npm script takes, or whose commands are npm scripts. */
export const scriptOf = (name: string, about: string): Command =>
  throwing(new Command(name))
    .description(about)
    .helpOption('-h, --help', 'this text')
    .configureHelp({ commandUsage: (command) => `npm run ${command.name()} -- ${command.usage()}` });

/** Runs what a command line asks for as this process. Help goes to the standard output; with what is wrong the exit code is 2. */
export const runScript = async (run: () => Promise<unknown>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof HelpAsked) console.log(error.message);
    else if (error instanceof UsageError) {
      console.error(error.message);
      process.exitCode = 2;
    } else throw error;
  }
};

/** Reads an option as a whole number from `least` on, of nine digits at most. Throws `UsageError` for anything else. */
export const wholeFrom =
  (name: string, least: number) =>
  (given: string): number => {
    if (/^\d{1,9}$/.test(given) && Number(given) >= least) return Number(given);
    throw new UsageError(`--${name} is ${given}; give a whole number from ${least} on`);
  };
