// Test support: something that webhooks are sent to, over real sockets of this machine.
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Certificate } from './certificates.ts';

/** A request as it came. */
export type Received = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

export type Receiver = {
  readonly port: number;
  readonly received: readonly Received[];
  /** How many connections were opened so far, and how many are open. */
  readonly opened: () => number;
  readonly open: () => number;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

/** Opens one at 127.0.0.1 that answers by a listener once it has a whole request. */
export const openReceiver = async (
  answer: (request: Received, ...rest: Parameters<RequestListener>) => void,
  { certificate, host = '127.0.0.1' }: { readonly certificate?: Certificate; readonly host?: string } = {},
): Promise<Receiver> => {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let opened = 0;
  const listener: RequestListener = (request, response) => {
    void bodyOf(request).then((body) => {
      const { method = '', url = '', headers } = request;
      const whole = { method, url, headers, body };
      received.push(whole);
      answer(whole, request, response);
    });
  };
  const server = certificate ? createSecureServer(certificate, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    opened: () => opened,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
