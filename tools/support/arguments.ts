import type { ParseArgsOptionsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import { UsageError } from '../../bench/support/arguments.ts';

export { UsageError };

/** What every tool understands. */
export const aloneOptions = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsOptionsConfig;

/** What every tool understands that works on a server. */
export const commonOptions = {
  url: { type: 'string' },
  key: { type: 'string' },
  'data-dir': { type: 'string' },
  ...aloneOptions,
} as const satisfies ParseArgsOptionsConfig;

/** How `aloneOptions` are told to a reader of `--help`. */
export const aloneHelp = `  --json                the result as JSON
  --help                this text

Exit code: 0 passed, 1 failed, 2 when the command line can't be understood.`;

/** How `commonOptions` are told. */
export const commonHelp = `  --url=<address>       the server to ask (default: one of its own as npm start starts it, stopped at the end)
  --key=<key>           its root key (default: LEADFOLD_ADMIN_KEY, or the one in DATA_DIR/admin-key)
  --data-dir=<folder>   where the own server keeps its data; it stays (default: a temporary folder)
${aloneHelp}`;

/** Reads a command line that is made of options only. Throws `UsageError` with the options that there are. */
export const argumentsOf = <O extends ParseArgsOptionsConfig>(args: readonly string[], options: O) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(`${error.message.split('. ', 1)[0]}; there are ${known.join(', ')}`);
  }
};

/** A number that was given as an option. Throws `UsageError` for anything that isn't a whole one from `least` on. */
export const wholeIn = (name: string, given: string, least = 1): number => {
  if (/^\d{1,9}$/.test(given) && Number(given) >= least) return Number(given);
  throw new UsageError(`--${name} is ${given}; give a whole number from ${least} on`);
};
