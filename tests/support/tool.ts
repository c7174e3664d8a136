import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll } from 'vitest';
import { adminKey, openTestApp } from './app.ts';
import type { TestApp } from './app.ts';
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

/** One server for a file, as a tool is told of it: its address, and the option that gives its key. */
export const serverOfFile = (): { readonly url: () => string; readonly key: string; readonly dear: Dear } => {
  const opened: { app?: TestApp; url?: string } = {};
  beforeAll(async () => {
    opened.app = await openTestApp();
    opened.url = await opened.app.app().http.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => opened.app?.close());
  return {
    url: () => {
      if (opened.url === undefined) throw new Error('The server starts before the first test: ask for it in a test');
      return opened.url;
    },
    key: `--key=${adminKey}`,
    dear: new Map(),
  };
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

/** What a server answered to requests for what is dear to find out: its check of all invariants starts a thread for each. */
type Dear = Map<string, { readonly status: number; readonly headers: Headers; readonly body: string }>;
const dearPath = '/api/admin/system-health';

const askedOf = async (url: string, request: IncomingMessage, body: Buffer) => {
  const { authorization = '', ...more } = request.headers;
  const names = ['content-type', 'leadfold-after-position', 'x-project-id'];
  const headers = names.flatMap((name) => (typeof more[name] === 'string' ? [[name, more[name]]] : []));
  const got = await fetch(url, {
    method: request.method ?? 'GET',
    headers: { authorization, ...Object.fromEntries(headers) },
    ...(body.length > 0 && { body: new Uint8Array(body) }),
  });
  return { status: got.status, headers: got.headers, body: await got.text() };
};

/** A server in front of another one that tampers with what is said. It asks for what is dear only where `dear` has it not. */
export const openTampering = async (url: () => string, { before, after }: Tampering, dear: Dear = new Map()) => {
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      const body = await buffer(request);
      const instead = before?.(request);
      if (instead) {
        const head = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(instead.body) };
        return void response.writeHead(instead.status, head).end(instead.body);
      }
      const { url: path = '' } = request;
      const got = dear.get(path) ?? (await askedOf(`${url()}${path}`, request, body));
      if (path === dearPath) dear.set(path, got);
      const shown = Buffer.from(after?.(request, got) ?? got.body);
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
