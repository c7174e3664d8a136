// Test support: a server in memory that speaks as much of MongoDB's protocol as the read models need, for the real client
// library to connect to. It proves nothing about the real server: what it does is what we think the real one does.
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Document } from 'bson';
import { commands } from './mongodb-standin-commands.ts';
import { CommandError } from './mongodb-standin-data.ts';
import type { DocumentSet } from './mongodb-standin-data.ts';
import { answered, readingRequests } from './mongodb-standin-wire.ts';
import type { Request } from './mongodb-standin-wire.ts';
import type { BeforeUpsert } from './mongodb-standin-writes.ts';

/** What goes wrong with one command: it is refused with that answer, or carried out and the connection breaks before the answer. */
export type Fault = { readonly refuse: Document } | 'cut';

export type MongoStandin = {
  /** Such as `mongodb://127.0.0.1:40123`, without a database. */
  readonly url: string;
  /** Stops listening and breaks all connections; the data stays. */
  readonly stop: () => Promise<void>;
  /** Listens again on the same port. */
  readonly start: () => Promise<void>;
  /** How long, in ms, each later answer takes. The client's look whether the server is there is answered at once. */
  readonly delay: (milliseconds: number) => void;
  /** The next command of that name, such as `update`, meets the fault. */
  readonly fault: (command: string, fault: Fault) => void;
  /** Called each time when an upsert has found nothing, before it inserts. */
  readonly beforeUpsert: (called: BeforeUpsert) => void;
  /** The names of the commands so far that were not about the connection. */
  readonly seen: () => readonly string[];
  /** The documents of a collection, `database.collection`, without asking over the wire. */
  readonly docs: (namespace: string) => DocumentSet;
};

const ABOUT_CONNECTION = new Set(['hello', 'ismaster', 'isMaster', 'ping', 'endSessions', 'killCursors']);

const nameOf = ({ command }: Request): string => Object.keys(command)[0] ?? '';

const listen = async (server: Server, port: number): Promise<number> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

/** Starts one with nothing in it, on a free port unless one is given. */
export const startMongoStandin = async (wantedPort = 0): Promise<MongoStandin> => {
  const memory = commands();
  const faults = new Map<string, Fault>();
  const sockets = new Set<Socket>();
  const seen: string[] = [];
  let delay = 0;
  let before: BeforeUpsert = () => undefined;

  const answer = (request: Request): Document => {
    try {
      return memory.run(request.command, before);
    } catch (error) {
      if (error instanceof CommandError) return error.answer;
      return { ok: 0, code: 1, codeName: 'InternalError', errmsg: String(error) };
    }
  };

  const faultOf = (request: Request): Fault | undefined => {
    const name = nameOf(request);
    const fault = faults.get(name);
    faults.delete(name);
    return fault;
  };

  const serve = async (socket: Socket, request: Request): Promise<void> => {
    const aside = ABOUT_CONNECTION.has(nameOf(request));
    if (!aside) seen.push(nameOf(request));
    const fault = faultOf(request);
    const document = fault && fault !== 'cut' ? { ok: 0, ...fault.refuse } : answer(request);
    if (fault === 'cut') {
      socket.destroy();
      return;
    }
    if (delay > 0 && !aside) await sleep(delay, undefined, { ref: false });
    if (!request.silent && socket.writable) socket.write(answered(request, document));
  };

  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    const fail = (error: unknown): void => void socket.destroy(error instanceof Error ? error : undefined);
    const read = readingRequests((request) => void serve(socket, request).catch(fail));
    socket.on('data', (chunk) => {
      try {
        read(chunk);
      } catch (error) {
        fail(error);
      }
    });
    socket.on('error', () => sockets.delete(socket));
    socket.on('close', () => sockets.delete(socket));
  };

  let server = createServer(accept);
  const port = await listen(server, wantedPort);
  return {
    url: `mongodb://127.0.0.1:${port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    start: async () => {
      server = createServer(accept);
      await listen(server, port);
    },
    delay: (milliseconds) => (delay = milliseconds),
    fault: (command, fault) => void faults.set(command, fault),
    beforeUpsert: (called) => (before = called),
    seen: () => [...seen],
    docs: memory.docs,
  };
};
