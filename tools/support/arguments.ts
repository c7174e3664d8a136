import type { Command } from '@commander-js/extra-typings';
import { HelpAsked, scriptOf, UsageError, wholeFrom } from '../../src/cli/command-line.ts';

export { HelpAsked, UsageError, wholeFrom };

/** The command line of a tool, with what every tool understands. */
export const toolScript = (name: string, about: string) =>
  scriptOf(name, about)
    .option('--json', 'the result as JSON')
    .addHelpText('after', '\nExit code: 0 passed, 1 failed, 2 when the command line is wrong.');
export type ToolScript = ReturnType<typeof toolScript>;

/** The command line of a tool that works on a server. */
export const serverScript = (name: string, about: string) =>
  toolScript(name, about)
    .option('--url <address>', 'the server to ask (default: one of its own as npm start starts it, stopped at the end)')
    .option('--key <key>', 'its root key (default: LEADFOLD_ADMIN_KEY, or the one in DATA_DIR/admin-key)')
    .option('--data-dir <folder>', 'where the own server keeps its data; it stays (default: a temporary folder)');
export type ServerScript = ReturnType<typeof serverScript>;

/** What every tool understands, as it was given. */
export type ToolOptions = ReturnType<ToolScript['opts']>;
export type ServerOptions = ReturnType<ServerScript['opts']>;

/** Reads a command line that is made of options only. Throws `UsageError`, and `HelpAsked` with the help. */
export const optionsIn = <V extends ToolOptions>(script: Command<[], V>, args: readonly string[]): V =>
  script.parse([...args], { from: 'user' }).opts();
