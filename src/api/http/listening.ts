import { once } from 'node:events';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Listens at an address that nobody else listens at. Resolves with its URL; rejects with what the system says. */
    listenAt: (address: Address) => Promise<string>;
  }
}

type Address = { readonly port: number; readonly host: string };

/**
 * How many sockets listen at the port. Node accepts one connection of each in a turn of its event loop, and under load a turn takes
 * 20 ms: over one socket the last of 200 clients that come at once would wait for four seconds. Only Linux lets several
 * sockets of one process listen at a port in this way.
 */
const sockets = process.platform === 'linux' ? 32 : 1;

const opened = async (server: Server, address: object): Promise<Server> => {
  server.listen(address);
  await once(server, 'listening');
  return server;
};

/** Rejects when somebody listens there: sockets that share a port would share it with those of another process, too. */
const mustBeFree = async (address: Address): Promise<void> => {
  const alone = await opened(createServer(), address);
  alone.close();
  await once(alone, 'close');
};

/**
 * Lets many clients connect at once. Gives what ends that: it resolves when the last connection has ended that came over another
 * socket than the server's own.
 */
export const listening = (app: App): (() => Promise<void>) => {
  const others: Server[] = [];
  const acceptToo = async (address: object): Promise<void> => {
    // As Node's HTTP server has it for the connections of its own socket.
    const other = createServer({ allowHalfOpen: true, noDelay: true });
    other.on('connection', (socket) => app.server.emit('connection', socket));
    others.push(await opened(other, address));
  };
  app.decorate('listenAt', async (address): Promise<string> => {
    if (sockets === 1) return app.listen({ ...address });
    await mustBeFree(address);
    // Fastify hands it on to Node, whose option it is.
    const wide = { ...address, reusePort: true };
    const url = await app.listen(wide);
    const bound = app.server.address();
    if (typeof bound !== 'object' || bound === null) return url;
    const own = { port: bound.port, host: bound.address, reusePort: true };
    for (let more = 1; more < sockets; more++) await acceptToo(own);
    return url;
  });
  return async () => {
    await Promise.all(others.map((other) => new Promise<void>((resolve) => other.close(() => resolve()))));
  };
};
