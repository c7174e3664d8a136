import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { adminKey, boot, newProject } from '../support.ts';

/** How long a client may take in these tests, in ms. */
const requestTimeout = 300;

/** A logger that keeps what it wrote, from `debug` on. */
const recording = () => {
  const lines: string[] = [];
  const logLevel = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });
  return { logLevel, levels: () => lines.map((line) => JSON.parse(line).level), lines };
};

const listening = async (settings: Parameters<typeof boot>[1] = {}) => {
  const served = await boot(undefined, settings);
  const { port } = new URL(await served.app.listen({ port: 0, host: '127.0.0.1' }));
  return { ...served, port: Number(port) };
};

const head = (lines: readonly string[], key = adminKey): string =>
  ['POST /api/projects HTTP/1.1', 'Host: a', `Authorization: Bearer ${key}`, ...lines, '', ''].join('\r\n');
const json = 'Content-Type: application/json';
/** The beginning of something packed that may go on with anything. */
const stored = gzipSync(Buffer.alloc(60_000), { level: 0 }).subarray(0, 100).toString('latin1');

/** A connection whose end, however it comes, is nothing to fail for. */
const connected = (port: number): Socket & Disposable => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => socket.destroy());
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.destroy() });
};

/** Resolves when the server's side of the next connection is closed, however that came. */
const nextClosed = async (server: Server): Promise<void> => {
  const [socket] = await once(server, 'connection');
  await new Promise((resolve) => socket.once('close', resolve));
};

/** Says something every so often, for as long as anybody listens. */
const dripping = (socket: Socket, part: string, every: number): void => {
  const timer = setInterval(() => socket.writable && socket.write(part), every);
  socket.once('close', () => clearInterval(timer));
};

describe('A request that takes too long to come in', () => {
  it.each([
    ['a body with a length', head([json, 'Content-Length: 100000']), ' '],
    ['a body in chunks', head([json, 'Transfer-Encoding: chunked']), '1\r\n \r\n'],
    ['a packed body', head([json, 'Content-Encoding: gzip', 'Content-Length: 100000']) + stored, 'x'],
    ['headers', 'GET /livez HTTP/1.1\r\nHost: a\r\n', 'X-More: 1\r\n'],
    ['nothing at all', '', ''],
  ])('ends with 408 and its connection: %s', async (_, begin, part) => {
    await using served = await listening({ requestTimeout });
    const begun = performance.now();
    using socket = connected(served.port);
    socket.write(begin, 'latin1');
    if (part !== '') dripping(socket, part, 20);
    const answer = await text(socket);
    const took = performance.now() - begun;
    expect(answer).toMatch(/^HTTP\/1.1 408 [^]*application\/problem\+json[^]*"code":"request-timeout"[^]*\}$/);
    expect(took).toBeGreaterThan(requestTimeout * 0.9);
    expect(took).toBeLessThan(requestTimeout + 1_500);
  });

  it('and was answered before it was whole is not answered twice', async () => {
    await using served = await listening({ requestTimeout });
    using socket = connected(served.port);
    socket.write(head([json, 'Content-Length: 100000'], 'nobody'));
    dripping(socket, ' ', 20);
    expect((await text(socket)).match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401']);
  });

  it('does not keep its connection by sending on', async () => {
    await using served = await listening({ requestTimeout });
    using socket = connected(served.port);
    socket.write(head([json, 'Content-Length: 100000']));
    dripping(socket, ' ', 20);
    socket.resume();
    const begun = performance.now();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(performance.now() - begun).toBeLessThan(requestTimeout + 3_000);
  });
});

it('What is no HTTP does not get its answer in the place of the one before it', async () => {
  const gate = Promise.withResolvers<void>();
  await using served = await boot(() => ({ components: () => gate.promise.then(() => []) }));
  const { port } = new URL(await served.app.listen({ port: 0, host: '127.0.0.1' }));
  using socket = connected(Number(port));
  socket.write('GET /api/health HTTP/1.1\r\nHost: a\r\n\r\nNONSENSE\r\n\r\n');
  const answers = text(socket);
  await once(served.app.server, 'clientError');
  gate.resolve();
  expect((await answers).match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
});

describe('A client that goes away', () => {
  const wide = JSON.stringify({ name: 'x'.repeat(100_000) });
  const packed = (pack: (bytes: string) => Buffer) => pack(wide + Math.random().toString(36).repeat(10_000));
  it.each<readonly [string, readonly string[], string | Buffer]>([
    ['plain', ['Content-Length: 200000'], wide],
    ['chunked', ['Transfer-Encoding: chunked'], `${wide.length.toString(16)}\r\n${wide}\r\n`],
    ['packed', ['Content-Encoding: gzip', 'Content-Length: 200000'], packed(gzipSync).subarray(0, 200)],
    ['packed another way', ['Content-Encoding: br', 'Content-Length: 200000'], packed(brotliCompressSync)],
    ['packed and chunked', ['Content-Encoding: gzip', 'Transfer-Encoding: chunked'], '5\r\n\u001f\r\n'],
    ['headed only', ['Content-Length: 200000'], ''],
  ])('while it sends is no error in the log: %s', async (_, headers, part) => {
    const { logLevel, levels, lines } = recording();
    await using served = await listening({ logLevel });
    for (const end of ['destroy', 'resetAndDestroy', 'end'] as const) {
      const socket = connected(served.port);
      const came = once(served.app.server, 'request');
      const closed = nextClosed(served.app.server);
      socket.write(head([json, ...headers]));
      await came;
      if (part.length > 0) await new Promise((resolve) => socket.write(part, resolve));
      socket[end]();
      await closed;
    }
    await served.app.inject('/livez');
    expect(
      levels().filter((level) => level > 30),
      lines.join(''),
    ).toEqual([]);
  });

  it('while it is answered is no error in the log', async () => {
    const { logLevel, levels, lines } = recording();
    await using served = await listening({ logLevel });
    await newProject(served);
    for (const path of ['/openapi.json', '/docs/static/swagger-ui-bundle.js']) {
      const socket = connected(served.port);
      const closed = nextClosed(served.app.server);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await once(socket, 'readable');
      socket.resetAndDestroy();
      await closed;
    }
    await served.app.inject('/livez');
    expect(
      levels().filter((level) => level > 30),
      lines.join(''),
    ).toEqual([]);
  });
});
