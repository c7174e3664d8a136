import fastify from 'fastify';
import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { App } from '../../../src/api/http/app.ts';
import { closing } from '../../../src/api/http/closing.ts';
import { listening } from '../../../src/api/http/listening.ts';

/** Answers every request, at a port of this machine. */
const serving = (): App => {
  const app: App = fastify({ forceCloseConnections: true }).withTypeProvider<ZodTypeProvider>();
  closing(app, () => false, listening(app));
  app.get('/', () => 'here');
  onTestFinished(() => app.close());
  return app;
};

const here = { port: 0, host: '127.0.0.1' };
const portOf = (url: string): number => Number(new URL(url).port);

const connected = async (port: number): Promise<Socket> => {
  const socket = connect(port, here.host);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
};

it('Many clients that come at once are let in within a few turns of the event loop', async () => {
  const app = serving();
  const port = portOf(await app.listenAt(here));
  const clients = 200;
  const seen = { turns: 0, accepted: 0, first: 0 };
  const all = Promise.withResolvers<number>();
  app.server.on('connection', () => {
    if (seen.accepted++ === 0) seen.first = seen.turns;
    if (seen.accepted === clients) all.resolve(seen.turns - seen.first);
  });
  const turn = (): void => {
    seen.turns++;
    if (seen.accepted < clients) setImmediate(turn);
  };
  const sockets = Array.from({ length: clients }, () => connected(port));
  turn();
  // Over one socket it would be a turn for each of them.
  expect(await all.promise).toBeLessThan(clients / 3);
  await Promise.all(sockets);
});

it('Whichever socket let a client in, it is answered, and let go when the server closes', async () => {
  const app = serving();
  const url = await app.listenAt(here);
  const sockets = await Promise.all(Array.from({ length: 100 }, () => connected(portOf(url))));
  const answers = sockets.map(async (socket) => {
    socket.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    return String(((await once(socket, 'data')) as [Buffer])[0]);
  });
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/^HTTP\/1\.1 200 .*here$/s);
  const ends = sockets.map((socket) => once(socket, 'close'));
  await app.close();
  await app.ended();
  await Promise.all(ends);
  await expect(connected(portOf(url))).rejects.toThrow('ECONNREFUSED');
});

it('Whoever is being answered when the server closes is answered to the end', async () => {
  const app = serving();
  const replies: FastifyReply[] = [];
  app.get('/slow', (_request, reply) => void replies.push(reply));
  const url = await app.listenAt(here);
  const sockets = await Promise.all(Array.from({ length: 40 }, () => connected(portOf(url))));
  const answers = sockets.map(async (socket) => {
    socket.write('GET /slow HTTP/1.1\r\nHost: here\r\n\r\n');
    return String(((await once(socket, 'data')) as [Buffer])[0]);
  });
  await expect.poll(() => replies.length).toBe(sockets.length);
  let ended = false;
  const closed = app.close().then(() => app.ended());
  void closed.then(() => (ended = true));
  for (const reply of replies) {
    expect(ended).toBe(false);
    void reply.send('late');
  }
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/late$/);
  await closed;
});

it('A port that is taken is refused, by one who lets in many clients, too', async () => {
  const port = portOf(await serving().listenAt(here));
  await expect(serving().listenAt({ ...here, port })).rejects.toThrow('EADDRINUSE');
});
