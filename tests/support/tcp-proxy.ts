import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Stands between clients and a server, and passes bytes on. */
export type TcpProxy = {
  readonly port: number;
  /** Ends all connections and takes no others, as a server does that is gone. */
  readonly away: () => Promise<void>;
  /** Takes connections again. */
  readonly back: () => Promise<void>;
  /** From now on all bytes of the connections that there are get lost without a word, as at a load balancer that forgot them. New ones work. */
  readonly swallow: () => void;
  /** How many connections were opened so far. */
  readonly opened: () => number;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

type Pair = { readonly near: Socket; readonly far: Socket };

/** Opens one before a port of a host. */
export const openTcpProxy = async (target: number, host = '127.0.0.1'): Promise<TcpProxy> => {
  const pairs = new Set<Pair>();
  const lost = new Set<Pair>();
  let count = 0;

  const accept = (near: Socket): void => {
    count += 1;
    const far = connect(target, host);
    const pair = { near, far };
    pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      from.on('data', (bytes: Buffer) => pairs.has(pair) && to.write(bytes));
      from.on('error', () => undefined);
      from.on('close', () => {
        if (pairs.delete(pair)) to.destroy();
      });
    }
  };
  let server = createServer(accept);
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const end = async (): Promise<void> => {
    for (const { near, far } of [...pairs, ...lost]) {
      near.destroy();
      far.destroy();
    }
    for (const each of [pairs, lost]) each.clear();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    opened: () => count,
    away: end,
    back: () => {
      server = createServer(accept);
      return listen(port);
    },
    swallow: () => {
      for (const pair of pairs) lost.add(pair);
      pairs.clear();
    },
    [Symbol.asyncDispose]: end,
  };
};
