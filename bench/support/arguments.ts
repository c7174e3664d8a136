import { scriptOf, UsageError, wholeFrom } from '../../src/cli/command-line.ts';

/** What was asked for on the command line. `names` are benchmarks, the usual ones when none was named. */
export type Asked = {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly json: boolean;
  readonly write: boolean;
};

/** Those that are named, in the order in which they are known, or the usual ones. Throws `UsageError` for others. */
export const namedOf = (
  what: string,
  named: readonly string[],
  known: readonly string[],
  usual = known,
): readonly string[] => {
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no ${what} ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return named.length === 0 ? usual : known.filter((name) => named.includes(name));
};

/** A benchmark as the help tells of it. */
export type Listed = { readonly name: string; readonly about: string; readonly apart?: boolean };

const listOf = (benchmarks: readonly Listed[]): string => {
  const width = Math.max(...benchmarks.map(({ name }) => name.length));
  return benchmarks.map(({ name, about, apart }) => `${apart ? '*' : ' '} ${name.padEnd(width)}  ${about}`).join('\n');
};

/** Reads the command line. Throws `UsageError`, and `HelpAsked` with the help. */
export const asked = (args: readonly string[], benchmarks: readonly Listed[]): Asked => {
  const script = scriptOf('bench', 'Measures Leadfold against references, in turn on this machine.')
    .argument('[names...]', 'which benchmarks; when none is named all but those marked with *, which take long')
    .option('--json', 'the results as JSON on the standard output')
    .option('--write', 'the results into docs/performance.md, which keeps the others as they were')
    .option('--rounds <count>', 'how many runs each median is of', wholeFrom('rounds', 1), 3)
    .addHelpText('after', `\n${listOf(benchmarks)}`)
    .parse([...args], { from: 'user' });
  const { json = false, write = false, rounds } = script.opts();
  const names = (some: readonly Listed[]): readonly string[] => some.map(({ name }) => name);
  const usual = names(benchmarks.filter(({ apart }) => !apart));
  return { names: namedOf('benchmark', script.args, names(benchmarks), usual), rounds, json, write };
};
