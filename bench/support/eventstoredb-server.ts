import { started } from './processes.ts';

/** The server of the environment, or what stands in for one in the tests, with an empty log. */
export const startServer = async () => {
  const url = process.env['EVENTSTOREDB_URL'];
  if (url !== undefined) return { url, end: async () => undefined };
  const server = started('bench/support/eventstoredb-server-process.ts');
  return { url: String(await server.says()), end: () => server.end('SIGKILL') };
};
