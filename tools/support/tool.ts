import type { ParseArgsOptionsConfig } from 'node:util';
import { bold, dim, green, red, table } from '../../demo/table.ts';
import { argumentsOf, commonHelp, commonOptions, UsageError } from './arguments.ts';
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

/** A program that works on a server and finds out whether all is as it must be. */
export type Tool<O extends ParseArgsOptionsConfig, V> = {
  readonly name: string;
  readonly about: string;
  /** A line for each option of its own. */
  readonly help: string;
  readonly options: O;
  /** Makes values of the options. Throws `UsageError`. */
  readonly read: (given: ReturnType<typeof argumentsOf<O & typeof commonOptions>>) => V;
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

const helpOf = ({ name, about, help }: Pick<Tool<never, unknown>, 'name' | 'about' | 'help'>): string =>
  [about, '', `  npm run ${name} [-- <options>]`, '', ...(help === '' ? [] : [help]), commonHelp].join('\n');

const found = async <O extends ParseArgsOptionsConfig, V>(tool: Tool<O, V>, args: readonly string[]) => {
  const given = argumentsOf(args, { ...tool.options, ...commonOptions });
  const { json, help, ...where }: Common = given as Common;
  if (help) return { text: helpOf(tool), passed: true };
  const values = tool.read(given);
  const target = await openTarget(where);
  const say = json ? () => undefined : (line: string) => console.error(dim(line));
  try {
    const { rows, more } = await tool.run({ target, values, say });
    const result = { tool: tool.name, at: new Date().toISOString(), passed: passes(rows), rows, ...more };
    const text = json ? JSON.stringify(result, null, 2) : [bold(tool.name), ...shownRows(rows)].join('\n');
    return { text, passed: result.passed };
  } finally {
    await target.stop();
  }
};
type Common = { readonly json: boolean; readonly help: boolean; readonly url?: string; readonly key?: string };

/** What kept a request from being answered stands in the cause of what fetch says. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};

/** Runs a tool as this process, and sets its exit code: 0 passed, 1 failed, 2 for a wrong command line. */
export const runTool = async <O extends ParseArgsOptionsConfig, V>(tool: Tool<O, V>): Promise<void> => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  try {
    const { text, passed } = await found(tool, process.argv.slice(2));
    console.log(text);
    process.exitCode = passed ? 0 : 1;
  } catch (error) {
    console.error(red(reasonOf(error)));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
};
