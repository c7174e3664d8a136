import { createServer } from 'node:net';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeliveryAllow } from '../../../src/config/delivery-allow.ts';
import { deliveryAllow, nowhere } from '../../../src/config/delivery-allow.ts';
import { openWebhookClient } from '../../../src/outside/webhooks/client.ts';
import type { Resolve } from '../../../src/outside/webhooks/resolving.ts';
import { newCertificate } from '../../support/certificates.ts';
import type { Receiver } from '../../support/webhook-receiver.ts';
import { openReceiver } from '../../support/webhook-receiver.ts';

const here = deliveryAllow.parse('127.0.0.1');
const now = new Date('2026-03-10T12:00:00Z');
const body = Buffer.from('{"type":"lead.qualified"}');
const headers = { 'content-type': 'application/json', 'webhook-id': 'msg_1' };

/** A name server that says each of these in turn, and the last one from then on. */
const nameServer = (...answers: readonly (readonly string[] | Error)[]) => {
  const asked: string[] = [];
  const resolve: Resolve = (host) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(host);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  return { asked, resolve };
};

const failing = (code: string): Error => Object.assign(new Error('with ada@example.com in it'), { code });

type Options = Omit<Partial<Parameters<typeof openWebhookClient>[0]>, 'allow'> & { readonly allow?: DeliveryAllow };

const openClient = ({ allow = here, ...options }: Options = {}) => {
  const client = openWebhookClient({ allow, clock: () => now, timeoutMs: 5_000, ...options });
  onTestFinished(client.close);
  return (url: string, signal?: AbortSignal) => client.send({ url, headers, body, signal });
};

const opened = async (...given: Parameters<typeof openReceiver>): Promise<Receiver> => {
  const receiver = await openReceiver(...given);
  onTestFinished(() => receiver[Symbol.asyncDispose]());
  return receiver;
};

const answering = (answer: RequestListener, options?: Parameters<typeof openReceiver>[1]) =>
  opened((_, request, response) => answer(request, response), options);

/** A receiver below HTTP: what it does with a connection once bytes came. */
const openSocketServer = async (onBytes: (socket: Socket) => void): Promise<number> => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', () => onBytes(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return (server.address() as AddressInfo).port;
};

const at = (port: number, host = '127.0.0.1', scheme = 'http'): string => `${scheme}://${host}:${port}/hook?a=b`;
const ms: unknown = expect.any(Number);

describe('A receiver that answers', () => {
  it('is told what was to be sent, once', async () => {
    const { port, received } = await answering((_, response) => response.end('thanks'));
    expect(await openClient()(at(port))).toEqual({ status: 200, ms });
    expect(received).toEqual([expect.objectContaining({ method: 'POST', url: '/hook?a=b', body })]);
    expect(received[0]?.headers).toMatchObject({ ...headers, 'content-length': String(body.length) });
  });

  it.each([201, 202, 204, 400, 404, 410, 500, 503])('%i has that status', async (status) => {
    const { port } = await answering((_, response) => response.writeHead(status).end());
    expect(await openClient()(at(port))).toEqual({ status, ms });
  });

  it('500 and then 200 has them one after the other, by one connection', async () => {
    const {
      port,
      received,
      opened: connections,
    } = await opened(({ headers: { 'webhook-id': id } }, _, response) => {
      response.writeHead(received.length > 1 ? 200 : 500).end(id);
    });
    const send = openClient();
    expect(await send(at(port))).toEqual({ status: 500, ms });
    await turn();
    expect(await send(at(port))).toEqual({ status: 200, ms });
    expect(connections()).toBe(1);
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Tue, 10 Mar 2026 12:00:30 GMT', 30_000],
    ['Tue, 10 Mar 2026 11:00:00 GMT', 0],
    ['86401', 86_400_000],
    ['Fri, 10 Mar 2034 12:00:00 GMT', 86_400_000],
    ['-5', undefined],
    ['soon', undefined],
    ['99999999999999999999', undefined],
  ])('429 with Retry-After: %s', async (value, retryAfterMs) => {
    const { port } = await answering((_, response) => response.writeHead(429, { 'Retry-After': value }).end());
    expect(await openClient()(at(port))).toEqual({
      status: 429,
      ms,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });

  it.each([301, 302, 303, 307, 308])('%i is not followed', async (status) => {
    const elsewhere = await answering((_, response) => response.end());
    const { port } = await answering((_, response) =>
      response.writeHead(status, { Location: at(elsewhere.port) }).end(),
    );
    expect(await openClient()(at(port))).toEqual({ status, ms });
    expect(elsewhere.opened()).toBe(0);
  });

  it.each(['100 Continue', '102 Processing', '103 Early Hints'])('%s and then 200 has the last one', async (early) => {
    const informs = `HTTP/1.1 ${early}\r\n\r\n`;
    const port = await openSocketServer((socket) => {
      socket.end(`${informs}${informs}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`);
    });
    expect(await openClient()(at(port))).toEqual({ status: 200, ms });
  });

  it.each([200, 500])('100 Continue by itself and then %i has the last one, by one connection', async (status) => {
    const { port, opened: connections } = await answering((_, response) => {
      response.writeContinue(() => response.writeHead(status).end());
    });
    const send = openClient();
    for (const _ of [1, 2]) {
      expect(await send(at(port))).toEqual({ status, ms });
      await turn();
    }
    expect(connections()).toBe(1);
  });

  it('100 Continue by TLS has what follows it', async () => {
    const certificate = newCertificate(['hooks.example.com', '127.0.0.1']);
    const { port } = await answering((_, response) => response.writeContinue(() => response.writeHead(204).end()), {
      certificate,
    });
    expect(await openClient({ ca: certificate.cert })(at(port, '127.0.0.1', 'https'))).toEqual({ status: 204, ms });
  });

  it('with 50 MB is read to 64 KiB and cut off', async () => {
    const sent = { bytes: 0 };
    const piece = Buffer.alloc(64 * 1_024);
    const { port, open } = await answering((_, response) => {
      response.writeHead(200, { 'Content-Length': 50 * 1_024 * 1_024 });
      const more = (): void => {
        while (!response.destroyed && sent.bytes < 50 * 1_024 * 1_024) {
          sent.bytes += piece.length;
          if (!response.write(piece)) return void response.once('drain', more);
        }
      };
      more();
    });
    const send = openClient();
    expect(await send(at(port))).toEqual({ status: 200, ms });
    await vi.waitFor(() => expect(open()).toBe(0));
    expect(sent.bytes).toBeLessThan(25 * 1_024 * 1_024);
  });

  it('with as much as is read, and not a byte more, keeps its connection', async () => {
    const { port, opened: connections } = await answering((_, response) => response.end(Buffer.alloc(64 * 1_024 - 1)));
    const send = openClient();
    for (const _ of [1, 2]) {
      expect(await send(at(port))).toEqual({ status: 200, ms });
      await turn();
    }
    expect(connections()).toBe(1);
  });
});

describe('A receiver that does not answer to the end', () => {
  const start = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it';

  it.each<[string, (socket: Socket) => void, object]>([
    [
      'resets in the headers',
      (socket) => socket.write('HTTP/1.1 200 O', () => socket.resetAndDestroy()),
      { error: 'reset' },
    ],
    ['ends in the headers', (socket) => socket.end('HTTP/1.1 200 O'), { error: 'reset' }],
    ['says nothing', (socket) => socket.end(), { error: 'reset' }],
    [
      'resets in the body',
      (socket) => socket.write(start, () => socket.resetAndDestroy()),
      { status: 200, error: 'reset' },
    ],
    ['ends in the body', (socket) => socket.end(start), { status: 200, error: 'reset' }],
    ['ends in the body of a failure', (socket) => socket.end(start.replace('200', '500')), { status: 500 }],
    ['speaks something else', (socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'), { error: 'answer not understood' }],
    [
      'has no end of headers',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(100_000)}`),
      { error: 'answer not understood' },
    ],
  ])('and %s has failed', async (_, onBytes, outcome) => {
    expect(await openClient()(at(await openSocketServer(onBytes)))).toEqual({ ...outcome, ms });
  });

  const saying = (text: string, again: string) => (socket: Socket) => {
    socket.write(text);
    const timer = setInterval(() => socket.write(again), 20);
    socket.on('close', () => clearInterval(timer));
  };
  const continuing = 'HTTP/1.1 100 Continue\r\n\r\n';
  const processing = 'HTTP/1.1 102 Processing\r\n\r\n';

  it.each<[string, (socket: Socket) => void, object]>([
    ['is silent', () => undefined, { error: 'timeout' }],
    ['drips its headers', saying('HTTP/1.1 200 OK\r\nA: ', 'a'), { error: 'timeout' }],
    [
      'drips its body',
      saying('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', 'a'),
      { status: 200, error: 'timeout' },
    ],
    ['says that it is processing', saying(processing, processing), { error: 'timeout' }],
    ['says 100 Continue', saying(continuing, continuing), { error: 'timeout' }],
  ])('and %s has the time it has, and no more', async (_, onBytes, outcome) => {
    const attempt = await openClient({ timeoutMs: 300 })(at(await openSocketServer(onBytes)));
    expect(attempt).toEqual({ ...outcome, ms });
    expect(attempt.ms).toBeLessThan(2_000);
  });

  it('is not waited for when the attempt is cancelled', async () => {
    const ending = new AbortController();
    const port = await openSocketServer(() => ending.abort());
    expect(await openClient()(at(port), ending.signal)).toEqual({ error: 'cancelled', ms });
    expect(await openClient()(at(port), ending.signal)).toEqual({ error: 'cancelled', ms });
  });
});

describe('A receiver that is not there', () => {
  it('refuses the connection', async () => {
    const gone = await openReceiver(() => undefined);
    await gone[Symbol.asyncDispose]();
    expect(await openClient()(at(gone.port))).toEqual({ error: 'connection refused', ms });
  });

  it.each([
    ['ENOTFOUND', 'dns: not found'],
    ['ENODATA', 'dns: not found'],
    ['ESERVFAIL', 'dns: no answer'],
    ['EAI_AGAIN', 'dns: no answer'],
    ['ESOMETHING', 'failed: ESOMETHING'],
  ])('as its name server says %s', async (code, error) => {
    const { resolve } = nameServer(failing(code));
    expect(await openClient({ resolve })('https://hooks.example.com/')).toEqual({ error, ms });
  });

  it('has a name server that is silent', async () => {
    const send = openClient({ timeoutMs: 200, resolve: () => new Promise(() => undefined) });
    expect(await send('https://hooks.example.com/')).toEqual({ error: 'timeout', ms });
  });
});

describe('TLS', () => {
  const ours = newCertificate(['hooks.example.com', '127.0.0.1']);
  const { resolve } = nameServer(['127.0.0.1']);
  const end: RequestListener = (_, response) => response.end();

  it('is spoken with whoever has a certificate of that name', async () => {
    const { port } = await answering(end, { certificate: ours });
    const send = openClient({ resolve, ca: ours.cert });
    expect(await send(at(port, 'hooks.example.com', 'https'))).toEqual({ status: 200, ms });
    expect(await send(at(port, '127.0.0.1', 'https'))).toEqual({ status: 200, ms });
  });

  it.each([
    ['nobody vouches for', ours, undefined, 'tls: certificate self-signed'],
    ['is of another host', newCertificate(['other.example.com']), 'its own', 'tls: certificate of another host'],
    ['has expired', newCertificate(['hooks.example.com'], -1_000), 'its own', 'tls: certificate expired'],
  ])('is not spoken with a certificate that %s', async (_, certificate, ca, error) => {
    const { port, received } = await answering(end, { certificate });
    const send = openClient({ resolve, ...(ca !== undefined && { ca: certificate.cert }) });
    expect(await send(at(port, 'hooks.example.com', 'https'))).toEqual({ error, ms });
    expect(received).toEqual([]);
  });

  it('is not spoken with whoever speaks none', async () => {
    const { port, received } = await answering(end);
    expect(await openClient({ resolve })(at(port, 'hooks.example.com', 'https'))).toEqual({
      error: 'tls: no agreement',
      ms,
    });
    expect(received).toEqual([]);
  });
});

describe('An address that may not be sent to', () => {
  const refused = { error: 'address refused', ms };

  it('is not connected to when a name leads there', async () => {
    const { port, opened: connections } = await answering((_, response) => response.end());
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '::1', '10.0.0.1', '169.254.169.254', '64:ff9b::7f00:1']) {
      const { resolve, asked } = nameServer([address]);
      const send = openClient({ resolve, allow: nowhere });
      expect(await send(at(port, 'hooks.example.com', 'https'))).toEqual(refused);
      expect(asked).toEqual(['hooks.example.com']);
    }
    expect(connections()).toBe(0);
  });

  it('is not when it stands in the URL, however written, and nobody is asked for it', async () => {
    const { port, opened: connections } = await answering((_, response) => response.end());
    const { resolve, asked } = nameServer(['127.0.0.1']);
    const send = openClient({ resolve, allow: nowhere });
    for (const host of [
      '127.0.0.1',
      '2130706433',
      '0x7f000001',
      '017700000001',
      '127.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      'localhost',
      'a@127.0.0.1',
    ])
      for (const scheme of ['http', 'https']) expect(await send(at(port, host, scheme))).toEqual(refused);
    expect([asked, connections()]).toEqual([[], 0]);
  });

  it('is passed over where a name has others', async () => {
    const { port } = await answering((_, response) => response.end());
    const { resolve } = nameServer(['127.0.0.2', '10.0.0.1', '127.0.0.1']);
    const allow = { ...here, hosts: [] };
    const send = openClient({ resolve, allow });
    // By http only a host that is named; it is refused before a name is asked for.
    expect(await send(at(port, 'hooks.example.com'))).toEqual(refused);
    const ours = newCertificate(['hooks.example.com']);
    const secure = await answering((_, response) => response.end(), { certificate: ours });
    expect(await openClient({ resolve, allow, ca: ours.cert })(at(secure.port, 'hooks.example.com', 'https'))).toEqual({
      status: 200,
      ms,
    });
  });

  it('is not connected to when the name leads there the second time', async () => {
    const ours = newCertificate(['hooks.example.com']);
    const { port, opened: connections } = await answering(
      (_, response) => response.writeHead(200, { Connection: 'close' }).end(),
      { certificate: ours, host: '0.0.0.0' },
    );
    const { resolve, asked } = nameServer(['127.0.0.1'], ['127.0.0.2']);
    const send = openClient({ resolve, ca: ours.cert });
    const url = at(port, 'hooks.example.com', 'https');
    expect(await send(url)).toEqual({ status: 200, ms });
    // One question for a connection, so that what was checked is what is connected to.
    expect(asked).toHaveLength(1);
    expect(await send(url)).toEqual(refused);
    expect([asked.length, connections()]).toEqual([2, 1]);
  });
});

it('A receiver that hangs holds up no other of the same host', async () => {
  const { port } = await answering((request, response) => {
    if (request.url !== '/hanging') response.end();
  });
  const send = openClient({ timeoutMs: 1_000 });
  const hanging = Array.from({ length: 50 }, () => send(`http://127.0.0.1:${port}/hanging`));
  expect(await send(at(port))).toEqual({ status: 200, ms });
  expect(await Promise.all(hanging)).toEqual(hanging.map(() => ({ error: 'timeout', ms })));
});

it('Names of this machine are asked of this machine', async () => {
  const { port } = await answering((_, response) => response.end());
  expect(await openClient()(at(port, 'localhost'))).toEqual({ status: 200, ms });
});

it('Attempts end when the client is closed', async () => {
  const client = openWebhookClient({ allow: here });
  const port = await openSocketServer(() => void client.close());
  const attempt = await client.send({ url: at(port), headers, body });
  expect(attempt.error).toBeDefined();
});
