import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { once } from 'node:events';
import type { Case } from '../case.ts';
import { must } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import { activity, inParallel } from '../traffic.ts';

/** The longest that a good request may take at the 99th percentile, in ms; or, where that is more, so many times as long as before. */
const patience = { ms: 250, times: 3 };
/** How much more memory the process may have with all of these connections, in MB. */
const allowance = 150;

const head = 'POST /api/events/ingest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** Clients that hold connections and give little for it. `begin` is what they say; `drip` how they go on. */
const kinds: readonly { readonly begin: string; readonly drip?: string; readonly half?: boolean }[] = [
  { begin: '' },
  { begin: 'POST /api/events/ingest HT' },
  { begin: 'GET /api/health HTTP/1.1\r\nHost: x\r\n', drip: 'X-More: 1\r\n' },
  { begin: `${head}Content-Length: 4000000\r\n\r\n{"a":"`, drip: 'x' },
  { begin: `${head}Transfer-Encoding: chunked\r\n\r\n`, drip: '1\r\nx\r\n' },
  { begin: 'GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n' },
  { begin: `${head}Content-Length: 400\r\n\r\n{"a":`, half: true },
];

const open = async (url: string, index: number): Promise<Socket> => {
  const { begin, half } = kinds[index % kinds.length] ?? { begin: '' };
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  // Whatever the server makes of them, they don't care and don't read.
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  if (half) socket.end(begin);
  else socket.write(begin);
  return socket;
};

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? 0;

/** Clients that are slow, or gone without a word. */
export const slowClients: Case = {
  name: 'slow-clients',
  about: '1,400 connections that are idle, half-open, or send a byte at a time, beside good clients',
  criterion: `good requests are answered within ${patience.ms} ms at p99, or ${patience.times} times what it was before, all are counted, memory grows by ${allowance} MB at most`,
  run: async ({ server: start, many, after }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const next = { n: 0 };
    const good = async (count: number): Promise<number> => {
      const took: number[] = [];
      const events = Array.from({ length: count }, () => activity(next.n++, many(200)));
      await inParallel(8, events, async (event) => {
        const begun = performance.now();
        await ledger.through([event], () => project.send(event));
        took.push(performance.now() - begun);
      });
      return percentile(took, 0.99);
    };
    const calm = await good(many(2_000));
    const before = await server.memory();
    const sockets: Socket[] = [];
    after(() => sockets.forEach((socket) => socket.destroy()));
    await inParallel(
      50,
      Array.from({ length: many(1_400) }, (_, index) => index),
      async (index) => {
        sockets[index] = await open(server.url(), index);
      },
    );
    const dripping = setInterval(() => {
      for (const [index, socket] of sockets.entries()) {
        const { drip } = kinds[index % kinds.length] ?? {};
        if (drip !== undefined && socket.writable) socket.write(drip);
      }
    }, 200);
    after(() => clearInterval(dripping));
    const crowded = await good(many(4_000));
    const grown = (await server.memory()) - before;
    const allowed = Math.max(patience.ms, patience.times * calm);
    must(
      crowded <= allowed,
      `With the slow clients a good request takes ${Math.round(crowded)} ms at p99, not ${Math.round(allowed)} ms`,
    );
    must(grown <= allowance, `With the slow clients the process has ${Math.round(grown)} MB more`);
    sockets.forEach((socket) => socket.destroy());
    const begun = performance.now();
    await server.settled();
    const recovery = performance.now() - begun;
    await mustBeWhole(server, project, ledger);
    return {
      recovery,
      found: `p99 ${crowded.toFixed(0)} ms among ${sockets.length} slow ones, ${calm.toFixed(0)} ms without; ${grown.toFixed(0)} MB more`,
    };
  },
};
