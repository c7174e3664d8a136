import type { App } from './app.ts';

/** How long requests that have begun may take to come in and be answered once the process stops, in milliseconds. */
const lastCall = 5_000;

/** How often connections that have fallen silent are closed meanwhile, in milliseconds. */
const sweepEvery = 50;

/** Lets connections go while the process stops, so that no client that keeps one open holds up the end. */
export const closing = (app: App, stopping: () => boolean): void => {
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
    server.once('close', () => {
      clearInterval(sweeping);
      clearTimeout(ending);
    });
  });
};
