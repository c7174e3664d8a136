import type { Command } from '@commander-js/extra-typings';
import { scriptOf, throwing } from './command-line.ts';

/** The options of commands that ask a server. */
const url = ['--url <address>', 'the server to ask (default: HOST and PORT, http://127.0.0.1:4000)'] as const;
const key = [
  '--key <key>',
  'the key to ask with (default: LEADFOLD_ADMIN_KEY, or the one in DATA_DIR/admin-key)',
] as const;

const addMigrate = (program: Command): unknown =>
  throwing(program.command('migrate'))
    .description('Copies the log of one event store into another, and compares the two.')
    .option('--from <location>', 'where the log is: sqlite:<path>, esdb://... or esdb+discover://...')
    .option('--to <location>', 'where it goes')
    .addHelpText(
      'after',
      `
Stop whatever writes to the source first. A run that was cut off can be started again. The source stays as it is.
Read models don't come along: start with READ_MODELS that are empty, they are made again.

Exit code: 0 when the two are the same, 1 when they differ or can't be opened, 2 when the command line is wrong.`,
    )
    .action(async (options) => {
      const { migrate } = await import('./migrate.ts');
      process.exitCode = await migrate(options);
    });

const addRebuild = (program: Command): unknown =>
  throwing(program.command('rebuild'))
    .usage('<projection> | --project <id> | --all [options]')
    .description('Makes read models again from the log, on a running server, while they go on being used.')
    .argument('[projection]', 'a projection, built beside the one that serves')
    .option('--project <id>', 'all documents of a project')
    .option('--all', 'all projections, as after the log lost its tail')
    .option(...url)
    .option(...key)
    .option('--json', 'the job at its end as JSON')
    .addHelpText(
      'after',
      '\nExit code: 0 when it is done, 1 when it failed or was cancelled, 2 when it could not be asked for.',
    )
    .action(async (projection, options, command) => {
      const wanted = [projection, options.project, options.all].filter((each) => each !== undefined);
      if (wanted.length !== 1) command.error('error: give either a projection, --project or --all');
      const { rebuild } = await import('./rebuild.ts');
      process.exitCode = await rebuild({ ...options, projection });
    });

const addVerifyInvariants = (program: Command): unknown =>
  throwing(program.command('verify-invariants'))
    .description('Checks every invariant over all leads: what the log adds up to against what the read models have.')
    .option(...url)
    .option(...key)
    .option('--project <id>', 'this project only')
    .option('--data-dir <folder>', 'read the data in this folder instead of asking a server')
    .option('--json', 'the report as JSON')
    .addHelpText(
      'after',
      `
Where no server answers it reads EVENT_STORE and READ_MODELS itself, as the settings name them; it writes nothing.
Exit code: 0 when all hold, 1 when one is violated, 2 when that could not be found out.`,
    )
    .action(async (options) => {
      const { verifyInvariants } = await import('./verify-invariants.ts');
      process.exitCode = await verifyInvariants(options);
    });

const addReseal = (program: Command): unknown =>
  throwing(program.command('reseal'))
    .description('Seals the secrets in the vault with another master key, also while the service runs.')
    .option('--from <location>', 'take over what is in another vault first: sqlite:<path> or mongodb://...')
    .addHelpText(
      'after',
      `
LEADFOLD_MASTER_KEY is the new key, LEADFOLD_MASTER_KEY_PREVIOUS the one before it; the service has to know both by then.
When it is done, the key before it is not needed any more. It may be cut off and started again.

Exit code: 0 when all are sealed with the new key, 1 when one could not be opened or the vault is away.`,
    )
    .action(async (options) => {
      const { reseal } = await import('./reseal.ts');
      process.exitCode = await reseal(options);
    });

/**
 * All commands. Each sets the exit code of the process, and rejects with `CommandFailed` where it has nothing to say but why.
 * What a command works with is loaded when it runs, so that none waits for what another one needs.
 */
export const openProgram = (): Command => {
  const about = 'What an operator does besides npm start. Each command is also a script: npm run <command>.';
  const program = scriptOf('leadfold', about).helpCommand('help [command]', 'how a command is used');
  for (const add of [addMigrate, addRebuild, addVerifyInvariants, addReseal]) add(program);
  return program;
};
