import { runScript } from './command-line.ts';
import { openProgram } from './program.ts';

/** Errors that say all there is to know. */
const selfExplaining = ['CommandFailed', 'ConfigError', 'StoreUnavailable', 'ReadModelsUnavailable'];

try {
  await runScript(() => openProgram().parseAsync(process.argv.slice(2), { from: 'user' }));
} catch (error) {
  const known = error instanceof Error && selfExplaining.includes(error.name);
  console.error(known ? error.message : error);
  process.exitCode = known && 'exitCode' in error ? Number(error.exitCode) : 2;
}
