import { connect } from 'node:net';
import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { ask } from '../../support/http.ts';
import { openLedger } from '../ledger.ts';
import type { Project } from '../project.ts';
import type { Server } from '../server.ts';
import { activity, inParallel } from '../traffic.ts';

type Malformed = {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

const view = { eventId: 'bad', eventType: 'page_view', userId: 'bad' };
const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

/** Requests that no server should take, each in its own way. */
const malformed: readonly Malformed[] = [
  { body: '{"eventType": "page_view", ' },
  { body: '' },
  { body: 'null' },
  { body: '[]' },
  { body: '\u0000\u0001\ud800' },
  { body: nested(20_000) },
  { body: { ...view, userId: 7 } },
  { body: { ...view, userId: 'null' } },
  { body: { ...view, userId: undefined } },
  { body: { ...view, userId: 'x'.repeat(10_000) } },
  { body: { ...view, eventType: '' } },
  { body: { ...view, eventType: { $gt: '' } } },
  { body: { ...view, eventId: [] } },
  { body: { ...view, timestamp: 'yesterday' } },
  { body: { ...view, timestamp: '2999-01-01T00:00:00Z' } },
  { body: { ...view, email: 'no address' } },
  { body: { ...view, properties: 'x' } },
  { body: { ...view, properties: { x: 'y'.repeat(40_000) } } },
  { body: '{"eventType":"page_view","userId":"bad","properties":{"__proto__":{"x":1}}}' },
  { body: view, headers: { 'content-type': 'text/html' } },
  { body: view, headers: { 'content-encoding': 'gzip' } },
  { body: view, headers: { 'content-encoding': 'br' } },
  { body: view, headers: { authorization: 'Bearer nobody' } },
  { body: view, headers: { authorization: 'Basic %%%' } },
  { path: '/api/events/batch', body: { events: 'all' } },
  { path: '/api/events/batch', body: { events: Array.from({ length: 5_001 }, () => 1) } },
  { path: '/v1/batch', body: '{"batch": [' },
  { path: '/api/leads?limit=-1' },
  { path: '/api/leads?cursor=%00%ff' },
  { path: '/api/leads/../../etc/passwd' },
  { path: '/api/leads/%E0%A4%A' },
  { path: '/api/events/ingest', method: 'DELETE' },
];

/** Texts that are no HTTP at all. */
const noise: readonly string[] = [
  'GARBAGE\r\n\r\n',
  'POST /api/events/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
  'POST /api/events/ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n',
  `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`,
  'POST /api/events/ingest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
];

/** Says something on a connection of its own, and hears the first line of the answer, if there is any. */
const say = (url: string, text: string): Promise<string> =>
  new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.end(text));
    let heard = '';
    socket.on('data', (part) => (heard += part.toString()));
    // The server may cut off whoever talks like this; that is an answer too.
    socket.on('error', (error) => (heard ||= error.message));
    socket.on('close', () => resolve(heard.split('\r\n', 1)[0] ?? ''));
  });

const sendMalformed = async (server: Server, project: Project, n: number, statuses: Map<number, number>) => {
  const text = noise[n % 10];
  if (text !== undefined && n % 3 === 0) {
    const heard = await say(server.url(), text);
    return must(!heard.startsWith('HTTP/1.1 5'), `${JSON.stringify(text.slice(0, 60))} was answered with ${heard}`);
  }
  const { path = '/api/events/ingest', ...call } = malformed[n % malformed.length] ?? {};
  const { status, body } = await ask(`${server.url()}${path}`, { key: project.key, ...call });
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  const asked = JSON.stringify({ path, ...call }).slice(0, 200);
  must(status >= 400 && status < 500, `${asked} was answered ${status}: ${JSON.stringify(body).slice(0, 300)}`);
};

/** Nonsense among good requests. */
export const malformedRequests: Case = {
  name: 'malformed',
  about: '10,000 malformed requests of forty kinds among good ones',
  criterion: 'each is refused with a 4xx or cut off, none with a 5xx; every good one is counted',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const statuses = new Map<number, number>();
    const count = many(10_000);
    const turns = Array.from({ length: count }, (_, n) => n);
    await inParallel(24, turns, async (n) => {
      await sendMalformed(server, project, n, statuses);
      const event = activity(n / 5, many(100));
      if (n % 5 === 0) await ledger.through([event], () => project.send(event));
    });
    await server.settled();
    await mustBeWhole(server, project, ledger);
    mustEqual(ledger.acknowledged.size, Math.ceil(count / 5), 'Good activities');
    const told = [...statuses].toSorted(([a], [b]) => a - b).map(([status, times]) => `${times} x ${status}`);
    return { found: `${told.join(', ')}, the rest cut off; ${ledger.acknowledged.size} good ones counted` };
  },
};
