import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { childEnv } from './child-env.ts';

/** How a tool ended, and what it said. */
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs a tool of the repository as its npm script does. */
export const runTool = async (file: string, args: readonly string[]): Promise<Ended> => {
  const path = join(import.meta.dirname, '..', '..', 'tools', file);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...childEnv(), NO_COLOR: '1' },
  });
  const ended = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, stdout, stderr };
};

/** An answer on its way back. */
export type Passing = { readonly status: number; readonly body: string };

/** Answers instead of the server, or changes what it answered; undefined lets it pass as it is. */
export type Tampering = {
  readonly before?: (request: IncomingMessage) => Passing | undefined;
  readonly after?: (request: IncomingMessage, answer: Passing) => string | undefined;
};

const kept = (headers: Headers): Record<string, string> => {
  const dropped = ['content-length', 'content-encoding', 'transfer-encoding', 'connection', 'keep-alive'];
  return Object.fromEntries([...headers].filter(([name]) => !dropped.includes(name)));
};

/** A server in front of another one that tampers with what is said. */
export const openTampering = async (url: () => string, { before, after }: Tampering) => {
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await buffer(request);
      const instead = before?.(request);
      if (instead) {
        const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(instead.body) };
        return void response.writeHead(instead.status, head).end(instead.body);
      }
      const { authorization = '', ...more } = request.headers;
      const names = ['content-type', 'leadfold-after-position', 'x-project-id'];
      const headers = names.flatMap((name) => (typeof more[name] === 'string' ? [[name, more[name]]] : []));
      const got = await fetch(`${url()}${request.url ?? ''}`, {
        method: request.method ?? 'GET',
        headers: { authorization, ...Object.fromEntries(headers) },
        ...(body.length > 0 && { body }),
      });
      const said = await got.text();
      const shown = Buffer.from(after?.(request, { status: got.status, body: said }) ?? said);
      response.writeHead(got.status, { ...kept(got.headers), 'content-length': shown.length }).end(shown);
    };
    answer().catch((error: unknown) => response.writeHead(500, { 'content-length': 0 }).end(String(error)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
