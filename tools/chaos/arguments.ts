import { parseArgs } from 'node:util';
import { UsageError } from '../support/arguments.ts';

/** What was asked for on the command line. */
export type Asked = {
  readonly names: readonly string[];
  readonly list: boolean;
  readonly small: boolean;
  readonly json: boolean;
  readonly help: boolean;
};

const flag = { type: 'boolean', default: false } as const;

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { list: flag, small: flag, json: flag, help: flag },
    });
  } catch (error) {
    const problem = error instanceof Error ? error.message.split('. ', 1)[0] : String(error);
    throw new UsageError(`${problem}; there are --list, --small, --json and --help`);
  }
};

/** Reads the command line. Throws `UsageError`. */
export const asked = (args: readonly string[], known: readonly string[]): Asked => {
  const { values, positionals } = parse(args);
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new UsageError(`There is no case ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return { ...values, names: positionals.length === 0 ? known : known.filter((name) => positionals.includes(name)) };
};

export const usage = `Brings trouble on real server processes over temporary folders, and checks that all that must hold does.

  npm run chaos-test                     all cases
  npm run chaos-test -- <case> [<case>]  some of them
  npm run chaos-test -- --list           what they do, and when each passes
  npm run chaos-test -- --small          each in a tenth of its size
  npm run chaos-test -- --json           the results as JSON
  npm run chaos-test -- --help           this text

The exit code is 0 when all cases passed, 1 when one failed, and 2 when the command line is wrong. A case that this
machine can't try is skipped, with the reason.
`;
