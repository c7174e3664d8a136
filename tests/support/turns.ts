import { mkdtempSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { childEnv } from './child-env.ts';
import type { ServerProcess } from './server-process.ts';
import { startServer } from './server-process.ts';

const probe = pathToFileURL(join(import.meta.dirname, 'turn-probe.ts')).href;

/** A server process that is asked how long its main thread computed without a turn of its event loop. */
export type ProbedServer = ServerProcess & {
  /** The longest such time since this was asked last, in ms. */
  readonly longestTurn: () => Promise<number>;
};

/** Starts a server with the limits of memory that `npm start` gives it, and with the probe in it. */
export const startProbedServer = async (): Promise<ProbedServer> => {
  const socket = join(mkdtempSync(join(tmpdir(), 'leadfold-turns-')), 'turns');
  const options = `${childEnv()['NODE_OPTIONS']} --import=${probe} --max-old-space-size=1024 --max-semi-space-size=16`;
  const server = await startServer({ env: { TURNS_SOCKET: socket, NODE_OPTIONS: options } });
  return { ...server, longestTurn: async () => Number(await text(connect(socket))) };
};
