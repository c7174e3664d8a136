import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { ServerResponse } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import type { OpenWebhookClient } from '../../src/outside/webhooks/client.ts';
import { openWebhookClient } from '../../src/outside/webhooks/client.ts';
import { openTestApp } from '../support/app.ts';
import { newCertificate } from '../support/certificates.ts';
import type { Json } from '../support/client.ts';
import { withEndpoints } from '../support/endpoints.ts';
import { openReceiver } from '../support/webhook-receiver.ts';

/** Where receivers of these tests are: it is allowed, and 127.0.0.1 is not. */
const here = '127.0.0.2';
const certificate = newCertificate([here, 'trusted.example.com', 'rebinding.example.com']);
const another = newCertificate(['untrusted.example.com']);

/** What names lead to: the first time, and from then on. */
const names: Readonly<Record<string, readonly [string, string]>> = {
  'trusted.example.com': [here, here],
  'untrusted.example.com': [here, here],
  'loopback.example.com': ['127.0.0.1', '127.0.0.1'],
  'mapped.example.com': ['::ffff:127.0.0.1', '::ffff:127.0.0.1'],
  'nat64.example.com': ['64:ff9b::7f00:1', '64:ff9b::7f00:1'],
  'rebinding.example.com': [here, '10.0.0.1'],
};

/** The usual client with little time for an attempt, and a name server and certificates of the test. */
const impatient = (): OpenWebhookClient => {
  const asked = new Set<string>();
  const resolve = (host: string): Promise<readonly string[]> => {
    const [first = '', later = ''] = names[host] ?? [];
    const address = asked.has(host) ? later : first;
    asked.add(host);
    return Promise.resolve([address]);
  };
  return (options) => openWebhookClient({ ...options, timeoutMs: 2_000, resolve, ca: certificate.cert });
};

type Answer = (response: ServerResponse, time: number) => void;
const status =
  (...statuses: readonly number[]): Answer =>
  (response, time) =>
    response.writeHead(statuses[time] ?? 200, { connection: 'close' }).end();

const drip: Answer = (response) => {
  response.writeHead(200, { 'content-length': 1_000_000 });
  const timer = setInterval(() => response.write('a'), 20);
  response.once('close', () => clearInterval(timer));
};

const fiftyMegabytes: Answer = (response) => {
  const [piece, all] = [Buffer.alloc(64 * 1_024), 50 * 1_024 * 1_024];
  response.writeHead(200, { 'content-length': all });
  const more = (left: number): void => {
    if (response.destroyed) return;
    if (left === 0) return void response.end();
    if (response.write(piece)) more(left - piece.length);
    else response.once('drain', () => more(left - piece.length));
  };
  more(all);
};

const resetIn =
  (written: string) =>
  (socket: Socket): void =>
    void socket.write(written, () => socket.resetAndDestroy());

/** What a delivery is, and what came of each attempt. */
type Came = { readonly state: string; readonly attempts: readonly object[] };
const tried = (state: Came['state'], ...attempts: readonly object[]): Came => ({ state, attempts });

type Way = {
  readonly answer?: Answer;
  readonly onBytes?: (socket: Socket) => void;
  readonly host?: string;
  readonly secure?: typeof certificate;
  readonly first: Came;
  readonly then: Came;
};

/** One that fails so each time. */
const failing = (said: object): Pick<Way, 'first' | 'then'> => ({
  first: tried('pending', said),
  then: tried('failed', said, said),
});
const settledAtOnce = (came: Came): Pick<Way, 'first' | 'then'> => ({ first: came, then: came });

const ways: Readonly<Record<string, Way>> = {
  '200': { answer: status(200), ...settledAtOnce(tried('succeeded', { status: 200 })) },
  '500, then 200': {
    answer: status(500, 200),
    first: tried('pending', { status: 500 }),
    then: tried('succeeded', { status: 500 }, { status: 200 }),
  },
  '429 with Retry-After': {
    answer: (response, time) => response.writeHead(time === 0 ? 429 : 200, { 'retry-after': '120' }).end(),
    ...settledAtOnce(tried('pending', { status: 429 })),
  },
  '410': { answer: status(410), ...settledAtOnce(tried('failed', { status: 410 })) },
  '301': {
    answer: (response) => response.writeHead(301, { location: `http://${here}/` }).end(),
    ...failing({ status: 301 }),
  },
  'no answer': { answer: () => undefined, ...failing({ error: 'timeout' }) },
  'a reset in the headers': { onBytes: resetIn('HTTP/1.1 200 O'), ...failing({ error: 'reset' }) },
  'a reset in the body': {
    onBytes: resetIn('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'),
    ...failing({ status: 200, error: 'reset' }),
  },
  'a slow drip': { answer: drip, ...failing({ status: 200, error: 'timeout' }) },
  '50 MB': { answer: fiftyMegabytes, ...settledAtOnce(tried('succeeded', { status: 200 })) },
  TLS: {
    answer: status(200),
    secure: certificate,
    host: 'trusted.example.com',
    ...settledAtOnce(tried('succeeded', { status: 200 })),
  },
  'TLS that nobody vouches for': {
    answer: status(200),
    secure: another,
    host: 'untrusted.example.com',
    ...failing({ error: 'tls: certificate self-signed' }),
  },
  'a name of 127.0.0.1': { host: 'loopback.example.com', ...failing({ error: 'address refused' }) },
  'a name of ::ffff:127.0.0.1': { host: 'mapped.example.com', ...failing({ error: 'address refused' }) },
  'a name of 64:ff9b::127.0.0.1': { host: 'nat64.example.com', ...failing({ error: 'address refused' }) },
  'a name of a private address at the second look-up': {
    answer: status(500),
    secure: certificate,
    host: 'rebinding.example.com',
    first: tried('pending', { status: 500 }),
    then: tried('failed', { status: 500 }, { error: 'address refused' }),
  },
};

/** Opens what is sent to, below HTTP where a way is; resolves with the port. */
const openFor = async ({ answer, onBytes, secure }: Way): Promise<number> => {
  if (!onBytes) {
    const receiver = await openReceiver((_, __, response) => answer?.(response, receiver.received.length - 1), {
      host: here,
      ...(secure && { certificate: secure }),
    });
    onTestFinished(() => receiver[Symbol.asyncDispose]());
    return receiver.port;
  }
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => onBytes(socket));
  });
  server.listen(0, here);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

it('Whatever a receiver does, each delivery is in the state that it should be in', async () => {
  const env = { DELIVERY_ALLOW: here, DELIVERY_SCHEDULE: '1s' };
  await using app = await openTestApp({ env, openClient: impatient() });
  const { add, qualify, deliveries, delivery, endpoint } = await withEndpoints(app);
  const endpoints = new Map<string, string>();
  for (const [name, way] of Object.entries(ways)) {
    const port = await openFor(way);
    const url = way.host === undefined ? `http://${here}:${port}/` : `https://${way.host}:${port}/`;
    endpoints.set(await add(port, { url, types: ['lead.qualified'] }), name);
  }
  const came = async (): Promise<Readonly<Record<string, Came>>> => {
    const all = await deliveries();
    const found = all.map(async ({ deliveryId, endpointId, state }: Json): Promise<[string, Came]> => {
      const { attempts } = await delivery(deliveryId);
      const said = attempts.map(({ at: _, ms: __, ...attempt }: Json) => attempt);
      return [endpoints.get(endpointId) ?? '', { state, attempts: said }];
    });
    return Object.fromEntries(await Promise.all(found));
  };
  const expected = (when: 'first' | 'then') =>
    Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, way[when]]));

  await qualify({ userId: 'ada' });
  expect(await came()).toEqual(expected('first'));
  app.clock.forward(1_200);
  await app.settled();
  expect(await came()).toEqual(expected('then'));

  const [gone] = [...endpoints].find(([, name]) => name === '410') ?? [''];
  expect(await endpoint(gone)).toMatchObject({ state: 'disabled', disabled: { reason: 'gone' } });
  // It is told when it asked for that, and no sooner.
  app.clock.forward(118_000);
  await app.settled();
  expect((await came())['429 with Retry-After']).toEqual(tried('pending', { status: 429 }));
  app.clock.forward(2_000);
  await app.settled();
  expect((await came())['429 with Retry-After']).toEqual(tried('succeeded', { status: 429 }, { status: 200 }));
}, 60_000);

it('An endpoint is not saved where nothing may be sent to, however that is written', async () => {
  await using app = await openTestApp({ env: { DELIVERY_ALLOW: here } });
  const { ask, path } = await withEndpoints(app);
  for (const url of [
    ...['http://hooks.example.com/', 'https://127.0.0.1/', 'https://127.1/', 'https://2130706433/'],
    ...['https://017700000001/', 'https://0177.0.0.1/', 'https://0x7f.0.0.1/', 'https://[::1]/', 'https://localhost/'],
    ...[
      'https://[::ffff:127.0.0.1]/',
      'https://[64:ff9b::127.0.0.1]/',
      'https://10.0.0.1/',
      'https://169.254.169.254/',
    ],
    ...['https://ada@hooks.example.com/', 'https://ada:secret@hooks.example.com/', 'https://hooks.example.com:25/'],
    ...[`http://ada@${here}/`, 'http://127.0.0.3/'],
  ]) {
    const { status: answered, body } = await ask('POST', `${path}/endpoints`, { url });
    expect([url, answered, body.code]).toEqual([url, 400, 'url-refused']);
  }
});
