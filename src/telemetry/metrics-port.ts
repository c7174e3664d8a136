import { once } from 'node:events';
import { createServer } from 'node:http';

/** The content type of what Prometheus reads. */
const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** A port that is open. */
export type MetricsPort = { readonly port: number; readonly close: () => Promise<void> };

/** A port of its own that tells metrics to whoever can reach it, and nothing else. */
export const listenForMetrics = async (
  { port, host }: { readonly port: number; readonly host: string },
  text: () => Promise<string>,
): Promise<MetricsPort> => {
  const server = createServer((request, response) => {
    const answer = (status: number, body: string): void => {
      response.writeHead(status, { 'Content-Type': expositionType, 'Cache-Control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.url !== '/metrics') return answer(404, 'There is only /metrics here\n');
    text().then(
      (body) => answer(200, body),
      () => answer(500, 'The metrics can not be told now\n'),
    );
  });
  server.requestTimeout = 10_000;
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
