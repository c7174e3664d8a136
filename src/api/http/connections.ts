import type { Socket } from 'node:net';
import type { App } from './app.ts';
import { clientNetwork } from './client-network.ts';

/** How many connections are open at a time: each takes memory and one of the files that the system lets a process have. */
export const connectionLimits = { ofAll: 10_000, ofAddress: 2_000 } as const;

/**
 * Ends connections at once when too many are open: of all, and of one address, so that nobody alone can take all there are. Behind
 * proxies (`proxied`) all come from these: there they bound what one client may open.
 */
export const boundedConnections = (
  app: App,
  { proxied }: { readonly proxied: boolean },
  { ofAll, ofAddress }: Readonly<Record<keyof typeof connectionLimits, number>> = connectionLimits,
): void => {
  const open = new Map<string, number>();
  let all = 0;
  app.server.on('connection', (socket: Socket) => {
    const from = proxied ? '' : clientNetwork(socket.remoteAddress ?? '');
    const own = open.get(from) ?? 0;
    if (all >= ofAll || (!proxied && own >= ofAddress)) {
      app.instruments?.limited.add(1, 'none', 'connections');
      return void socket.destroy();
    }
    all += 1;
    open.set(from, own + 1);
    socket.once('close', () => {
      all -= 1;
      const left = (open.get(from) ?? 1) - 1;
      if (left > 0) open.set(from, left);
      else open.delete(from);
    });
  });
};
