import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Stands between a client and a server on this machine, and passes bytes on. */
export type TcpProxy = {
  readonly port: number;
  /** From now on all bytes of the connections that there are get lost without a word, as at a load balancer that forgot them. New ones work. */
  readonly swallow: () => void;
  /** How many connections were opened so far. */
  readonly opened: () => number;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

type Pair = { readonly near: Socket; readonly far: Socket };

/** Opens one before a port of 127.0.0.1. */
export const openTcpProxy = async (target: number): Promise<TcpProxy> => {
  const pairs = new Set<Pair>();
  let count = 0;

  const server = createServer((near) => {
    count += 1;
    const far = connect(target, '127.0.0.1');
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
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lost = new Set<Pair>();
  return {
    port: (server.address() as AddressInfo).port,
    opened: () => count,
    swallow: () => {
      for (const pair of pairs) lost.add(pair);
      pairs.clear();
    },
    [Symbol.asyncDispose]: async () => {
      for (const { near, far } of [...pairs, ...lost]) {
        near.destroy();
        far.destroy();
      }
      server.close();
      await once(server, 'close');
    },
  };
};
