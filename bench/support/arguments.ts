import type { Benchmark } from './benchmark.ts';
import { scriptOf, UsageError, wholeFrom } from '../../src/cli/command-line.ts';

/** What was asked for on the command line. `names` are benchmarks, the usual ones when none was named. */
export type Asked = {
  readonly names: readonly string[];
  /** How many runs each median is of, where it was said. */
  readonly rounds?: number;
  /** What names the commit to compare with. */
  readonly commit?: string;
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
export type Listed = Pick<Benchmark, 'name' | 'about' | 'apart' | 'ofCommit'>;

const listOf = (benchmarks: readonly Listed[]): string => {
  const width = Math.max(...benchmarks.map(({ name }) => name.length));
  const mark = ({ apart, ofCommit }: Listed): string => (apart ? '*' : ofCommit ? '+' : ' ');
  return benchmarks.map((each) => `${mark(each)} ${each.name.padEnd(width)}  ${each.about}`).join('\n');
};

/** Reads the command line. Throws `UsageError`, and `HelpAsked` with the help. */
export const asked = (args: readonly string[], benchmarks: readonly Listed[]): Asked => {
  const script = scriptOf('bench', 'Measures Leadfold against references, in turn on this machine.')
    .argument(
      '[names...]',
      'which benchmarks; when none is named all but those with *, which take long, and with + only after --commit',
    )
    .option('--json', 'the results as JSON on the standard output')
    .option('--write', 'the results into docs/performance.md, which keeps the others as they were')
    .option('--rounds <count>', `how many runs each median is of (default: 3, with + 5)`, wholeFrom('rounds', 1))
    .option('--commit <commit>', 'a commit of this clone that those with + compare this checkout with')
    .addHelpText('after', `\n${listOf(benchmarks)}`)
    .parse([...args], { from: 'user' });
  const { json = false, write = false, rounds, commit } = script.opts();
  const namesOf = (some: readonly Listed[]): readonly string[] => some.map(({ name }) => name);
  const usual = benchmarks.filter(({ apart, ofCommit }) => !apart && (!ofCommit || commit !== undefined));
  const names = namedOf('benchmark', script.args, namesOf(benchmarks), namesOf(usual));
  const comparing = namesOf(benchmarks.filter(({ ofCommit }) => ofCommit));
  const compared = names.filter((name) => comparing.includes(name));
  if (compared.length > 0 && commit === undefined)
    throw new UsageError(`${compared.join(', ')} compares with another commit: say which with --commit=<commit>`);
  if (compared.length === 0 && commit !== undefined)
    throw new UsageError(`--commit is for ${comparing.join(', ')}, which is not among what was named`);
  return {
    names,
    ...(rounds !== undefined && { rounds }),
    ...(commit !== undefined && { commit }),
    json,
    write,
  };
};
