import { namedOf } from '../../bench/support/arguments.ts';
import { scriptOf } from '../../src/cli/command-line.ts';

/** What was asked for on the command line. */
export type Asked = {
  readonly names: readonly string[];
  readonly list: boolean;
  readonly small: boolean;
  readonly json: boolean;
};

/** Reads the command line. Throws `UsageError`, and `HelpAsked` with the help. */
export const asked = (args: readonly string[], known: readonly string[]): Asked => {
  const about =
    'Brings trouble on real server processes over temporary folders, and checks that all that must hold does.';
  const script = scriptOf('chaos-test', about)
    .argument('[cases...]', 'some of the cases, instead of all')
    .option('--list', 'what they do, and when each passes')
    .option('--small', 'each in a tenth of its size')
    .option('--json', 'the results as JSON')
    .addHelpText(
      'after',
      `
Exit code: 0 when all cases passed, 1 when one failed, 2 when the command line is wrong.
A case that this machine can't try is skipped, with the reason.`,
    )
    .parse([...args], { from: 'user' });
  const { list = false, small = false, json = false } = script.opts();
  return { names: namedOf('case', script.args, known), list, small, json };
};
