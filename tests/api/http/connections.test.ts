import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { Settings } from '../../../src/api/http/server.ts';
import { boot } from '../support.ts';

/** Connects to a server with these bounds, from an address of this machine, and says whether it is let in: whether it is answered. */
const connecting = async (settings: Partial<Settings>) => {
  const { app, ...booted } = await boot(undefined, settings);
  const opened: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of opened) socket.destroy();
    await booted[Symbol.asyncDispose]();
  });
  const { port } = new URL(await app.listen({ port: 0, host: '0.0.0.0' }));
  const open = async (localAddress: string): Promise<Socket | undefined> => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
    opened.push(socket);
    const answered = once(socket, 'data').then(() => true);
    const closed = once(socket, 'close').then(() => false);
    socket.on('error', () => socket.destroy());
    socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n');
    return (await Promise.race([answered, closed.catch(() => false)])) ? socket : undefined;
  };
  return { open, app };
};

it('So many connections are open of one address, and others may open theirs', async () => {
  const { open } = await connecting({ connections: { ofAll: 10, ofAddress: 2 } });
  const first = await open('127.0.0.1');
  expect([first, await open('127.0.0.1')]).not.toContain(undefined);
  expect(await open('127.0.0.1')).toBeUndefined();
  expect(await open('127.0.0.2')).toBeDefined();
});

it('So many connections are open in all, and another when one has ended', async () => {
  const { open, app } = await connecting({ connections: { ofAll: 2, ofAddress: 2 } });
  const first = await open('127.0.0.1');
  expect(await open('127.0.0.2')).toBeDefined();
  expect(await open('127.0.0.3')).toBeUndefined();
  const ended = new Promise<void>((resolve) => {
    const look = (): void =>
      void app.server.getConnections((_, count) => (count < 2 ? resolve() : void setImmediate(look)));
    look();
  });
  first?.destroy();
  await ended;
  expect(await open('127.0.0.3')).toBeDefined();
});

it('Behind a proxy the address of a connection says nothing', async () => {
  const { open } = await connecting({ connections: { ofAll: 3, ofAddress: 1 }, trustProxy: 1 });
  expect(await open('127.0.0.1')).toBeDefined();
  expect(await open('127.0.0.1')).toBeDefined();
});
