/** What the environment of each process that a test starts has: where programs are, what Node compiled before, and what is one file. */
export const childEnv = (): Readonly<Record<string, string>> => ({
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
  NODE_OPTIONS: process.env['NODE_OPTIONS'] ?? '',
});
