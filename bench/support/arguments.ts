import { parseArgs } from 'node:util';

/** What was asked for on the command line. `names` are benchmarks, the usual ones when none was named. */
export type Asked = {
  readonly names: readonly string[];
  readonly rounds: number;
  readonly json: boolean;
  readonly write: boolean;
  readonly help: boolean;
};

/** The command line can't be understood. The message says what there is instead. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

const options = {
  json: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '3' },
} as const;

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    const problem = error instanceof Error ? error.message.split('. ', 1)[0] : String(error);
    throw new UsageError(`${problem}; there are --json, --write, --rounds <count> and --help`);
  }
};

/** Reads the command line. Throws `UsageError`. */
export const asked = (args: readonly string[], known: readonly string[], usual = known): Asked => {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const { rounds, ...flags } = values;
  if (!/^[1-9]\d{0,2}$/.test(rounds)) throw new UsageError(`--rounds is ${rounds}; give a whole number from 1 to 999`);
  const names = positionals.length === 0 ? usual : known.filter((name) => positionals.includes(name));
  return { names, rounds: Number(rounds), ...flags };
};

/** How the command line is used. */
export const usage = (
  benchmarks: readonly { readonly name: string; readonly about: string; readonly apart?: boolean }[],
): string => {
  const width = Math.max(...benchmarks.map(({ name }) => name.length));
  return `Measures Leadfold against references, in turn on this machine.

  npm run bench                     all benchmarks but those marked with *, which take long
  npm run bench -- <name> [<name>]  some of them
  npm run bench -- --json           the results as JSON on the standard output
  npm run bench -- --write          the results into docs/performance.md, which keeps the others as they were
  npm run bench -- --rounds <n>     how many runs each median is of, 3 unless said

${benchmarks.map(({ name, about, apart }) => `${apart ? '*' : ' '} ${name.padEnd(width)}  ${about}`).join('\n')}
`;
};
