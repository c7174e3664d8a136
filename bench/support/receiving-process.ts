// Takes webhooks: those for /hanging it never answers, and others after as many ms as their path says. Asked by a message, it
// tells what came since it was asked last.
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Came } from './receiving.ts';

const came = { now: { hanging: 0, waits: [] } as Came };
const server = createServer((request, response) => {
  void text(request).then((body) => {
    if (request.url === '/hanging') {
      came.now = { ...came.now, hanging: came.now.hanging + 1 };
      return;
    }
    const { timestamp } = JSON.parse(body) as { timestamp: string };
    came.now.waits.push(Date.now() - Date.parse(timestamp));
    setTimeout(() => response.writeHead(204).end(), Number(request.url?.slice(1)));
  });
});
process.on('message', () => {
  process.send?.(came.now);
  came.now = { hanging: 0, waits: [] };
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' && address ? address.port : 0);
});
