import { once } from 'node:events';
import type { App } from './app.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Resolves, once the app is closed, when the last connection has ended. */
    ended: () => Promise<void>;
  }
}

/** How long requests that have begun may take to come in and be answered once the process stops, in milliseconds. */
const lastCall = 5_000;

/** How often connections that have fallen silent are closed meanwhile, in milliseconds. */
const sweepEvery = 50;

/**
 * Lets connections go while the process stops, so that no client that keeps one open holds up the end. `closeOthers` closes what
 * lets in connections besides the server, and resolves when the last of those has ended.
 */
export const closing = (app: App, stopping: () => boolean, closeOthers: () => Promise<void>): void => {
  let others: Promise<void> | undefined;
  app.decorate('ended', async () => others);
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (stopping()) reply.header('Connection', 'close');
    done(null, payload);
  });
  app.addHook('preClose', async () => {
    const { server } = app;
    if (!server.listening) return;
    // Whatever has an answer under way now would else be kept open for a next request.
    const sweeping = setInterval(() => server.closeIdleConnections(), sweepEvery).unref();
    const ending = setTimeout(() => server.closeAllConnections(), lastCall).unref();
    others = closeOthers();
    void Promise.all([once(server, 'close'), others]).then(() => {
      clearInterval(sweeping);
      clearTimeout(ending);
    });
  });
};
