import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loaded } from '../../bench/support/load.ts';
import { paced } from '../../bench/support/pacing.ts';

let server: Server;
let url = '';
let received: string[] = [];
let reads: (string | string[] | undefined)[] = [];

beforeEach(async () => {
  [received, reads] = [[], []];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'GET') reads.push(request.headers['leadfold-after-position']);
    else received.push(await text(request));
    const status = request.method === 'GET' ? 200 : 202;
    response.writeHead(status, { 'content-length': 0, 'leadfold-position': String(received.length) }).end();
  };
  server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await once(server.close(), 'close');
});

const bodies = Array.from({ length: 20_000 }, (_, index) => String(index));
const firstOf = (count: number): readonly string[] => bodies.slice(0, count).toSorted();

describe('a load that waits for answers', () => {
  const load = { path: '/', headers: {}, connections: 7 };

  it('sends each body once when that is asked for', async () => {
    const { answered } = await loaded({ ...load, url, bodies: bodies.slice(0, 100), once: true }, 202);
    expect(answered).toBe(100);
    expect(received.toSorted()).toEqual(firstOf(100));
  });

  it('has sent the first ones, as many as were answered, when its time is over', async () => {
    const { answered } = await loaded({ ...load, url, bodies, seconds: 0.2 }, 202);
    expect(received.toSorted()).toEqual(firstOf(answered));
  });
});

describe('a load by the clock', () => {
  const pacing = { key: 'key', path: '/', rate: 500, warmUp: 20, expected: 202, read: { path: '/lead', every: 10 } };

  it('tells of each answer after those that warm up, and reads after one in so many', async () => {
    const { answers, lags } = await paced({ ...pacing, url, bodies: bodies.slice(0, 100) });
    expect(received.toSorted()).toEqual(firstOf(100));
    expect(answers).toHaveLength(80);
    expect(lags).toHaveLength(8);
    expect(reads).toHaveLength(8);
    expect(reads.every((position) => Number(position) > 20)).toBe(true);
  });
});
