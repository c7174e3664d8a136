import type { Command } from '@commander-js/extra-typings';
import { bold, dim, green, red, table } from '../../demo/table.ts';
import type { ServerOptions, ServerScript, ToolOptions, ToolScript } from './arguments.ts';
import { HelpAsked, optionsIn, serverScript, toolScript, UsageError } from './arguments.ts';
import type { Target } from './target.ts';
import { openTarget } from './target.ts';

/** Something that was found; with what it must be, when it decides whether the tool passes. */
export type Row = {
  readonly what: string;
  readonly found: string;
  readonly must?: string;
  readonly holds?: boolean;
  /** What is wrong, one thing a line. */
  readonly details?: readonly string[];
};

/** What a tool found. `more` is for `--json` only: figures as numbers. */
export type Found = { readonly rows: readonly Row[]; readonly more?: Readonly<Record<string, unknown>> };

/** What a tool works with: `say` tells a person how far it is, and is silent with `--json`. */
export type Work<V> = { readonly target: Target; readonly values: V; readonly say: (line: string) => void };

type Named = { readonly name: string; readonly about: string };

/** A program that works on a server and finds out whether all is as it must be. */
export type Tool<V extends ServerOptions> = Named & {
  /** Adds the options of its own. */
  readonly options: (script: ServerScript) => Command<[], V>;
  readonly run: (work: Work<V>) => Promise<Found>;
};

/** Whether everything that decides is as it must be. */
export const passes = (rows: readonly Row[]): boolean => rows.every(({ holds }) => holds !== false);

const lineOf = ({ what, found, must = '', holds }: Row): readonly string[] => [
  ...[what, found, dim(must), holds === undefined ? '' : holds ? green('ok') : red('FAILED')],
];

/** Rows as lines of a table, and whether they pass. */
export const shownRows = (rows: readonly Row[]): readonly string[] => [
  ...table([['', 'found', 'must be', ''].map(dim), ...rows.map(lineOf)], 'llll'),
  ...rows.flatMap(({ what, details = [] }) => details.map((line) => `  ${what}: ${line}`)),
  ...['', passes(rows) ? green('passed') : red('FAILED')],
];

type Told = { readonly text: string; readonly passed: boolean };

const told = (name: string, { rows, more }: Found, json = false): Told => {
  const result = { tool: name, at: new Date().toISOString(), passed: passes(rows), rows, ...more };
  const text = json ? JSON.stringify(result, null, 2) : [bold(name), ...shownRows(rows)].join('\n');
  return { text, passed: result.passed };
};

const saying = (json = false) => (json ? () => undefined : (line: string) => console.error(dim(line)));

/** What kept a request from being answered stands in the cause of what fetch says. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};

/** Runs a command line, without the name of the program. Throws `UsageError` when it can't be understood. */
export type CommandLine = (args: readonly string[]) => Promise<Told>;

/** How a command line ended, and what it says. The code is 0 when it passed, 1 when it failed, 2 when it can't be understood. */
export type Ended = { readonly code: 0 | 1 | 2; readonly stdout: string; readonly stderr: string };

/** Runs a command line to its end, however that is. */
export const ended = async (run: CommandLine, args: readonly string[]): Promise<Ended> => {
  try {
    const { text, passed } = await run(args);
    return { code: passed ? 0 : 1, stdout: `${text}\n`, stderr: '' };
  } catch (error) {
    if (error instanceof HelpAsked) return { code: 0, stdout: `${error.message}\n`, stderr: '' };
    return { code: error instanceof UsageError ? 2 : 1, stdout: '', stderr: `${red(reasonOf(error))}\n` };
  }
};

/** Runs a command line as this process, and sets its exit code. */
export const runTool = async (run: CommandLine): Promise<void> => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const { code, stdout, stderr } = await ended(run, process.argv.slice(2));
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
};

/** The command line of a tool. */
export const toolOf =
  <V extends ServerOptions>({ name, about, options, run }: Tool<V>): CommandLine =>
  async (args) => {
    const values = optionsIn(options(serverScript(name, about)), args);
    const target = await openTarget(values);
    try {
      return told(name, await run({ target, values, say: saying(values.json) }), values.json);
    } finally {
      await target.stop();
    }
  };

/** A tool that starts what it needs by itself. */
type Alone<V extends ToolOptions> = Named & {
  readonly options: (script: ToolScript) => Command<[], V>;
  readonly run: (values: V, say: (line: string) => void) => Promise<Found>;
};

/** Runs such a tool as this process; exit codes as of `ended`. */
export const runAlone = <V extends ToolOptions>({ name, about, options, run }: Alone<V>): Promise<void> =>
  runTool(async (args) => {
    const values = optionsIn(options(toolScript(name, about)), args);
    return told(name, await run(values, saying(values.json)), values.json);
  });
