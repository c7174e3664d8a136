/** What the environment of each process that a test starts has: where programs are, and what Node compiled for the ones before. */
export const childEnv = (): Readonly<Record<string, string>> => ({
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '',
});
