import { once } from 'node:events';
import { request as send } from 'node:http';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { kinds } from '../../../src/api/http/problems.ts';
import type { ApiContext } from '../../../src/api/http/context.ts';
import { StaleRevision, TooManyConflicts } from '../../../src/engine/errors.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { StoreUnavailable } from '../../../src/eventstore/event-store.ts';
import { ReadModelsUnavailable } from '../../../src/readmodels/read-models.ts';
import { adminKey, allFacts, as, asRoot, boot, newProject } from '../support.ts';

const secretText = 'password of the database at 10.0.0.7';

/** A context whose commands all fail with an error. */
const failing = (error: Error) => (api: ApiContext) => ({
  engine: { ...api.engine, handle: () => Promise.reject(error) },
});

/** A logger and what it wrote. */
const recording = () => {
  const lines: string[] = [];
  const into = new Writable({ write: (chunk: Buffer, _, done) => void (lines.push(chunk.toString()), done()) });
  return { logLevel: pino({ level: 'trace' }, into), log: () => lines.join('') };
};

const createProject = { method: 'POST', url: '/api/projects', headers: asRoot, payload: { name: 'Acme' } } as const;
const mib = 1024 * 1024;
const eight = 'x'.repeat(8 * mib);
const json = { ...asRoot, 'content-type': 'application/json' };

describe('a problem', () => {
  it('is a problem document with type, title, status, detail, code and traceId', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ url: '/nowhere', headers: { 'x-correlation-id': 'trace-1' } });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toEqual({
      type: '/problems#not-found',
      title: kinds['not-found'].title,
      status: 404,
      detail: expect.stringContaining('GET /nowhere'),
      code: 'not-found',
      traceId: 'trace-1',
    });
  });

  it('has a type that leads to the list of all kinds', async () => {
    await using served = await boot();
    const { data } = (await served.app.inject('/problems')).json();
    expect(data.map(({ code }: { code: string }) => code)).toEqual(Object.keys(kinds));
  });

  it.each([
    [new Rejection('project-exists', 'It exists'), 409, 'project-exists'],
    [new Rejection('lead-merged', 'It was merged'), 409, 'lead-merged'],
    [new Rejection('lead-unknown', 'There is none'), 404, 'lead-unknown'],
    [new Rejection('job-unknown', 'There is none'), 404, 'job-unknown'],
    [new StaleRevision('project-a', 1, 2), 412, 'stale-revision'],
    [new TooManyConflicts(secretText), 503, 'too-many-conflicts'],
    [new StoreUnavailable(secretText), 503, 'store-unavailable'],
    [new ReadModelsUnavailable(secretText), 503, 'read-models-unavailable'],
    [new TypeError(secretText), 500, 'internal-error'],
  ])('tells of %s with %i', async (error, status, code) => {
    await using served = await boot(failing(error));
    const answer = await served.app.inject(createProject);
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ status, code });
    expect(answer.body).not.toContain(secretText);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
  });

  it('that nobody expected is logged under its trace id', async () => {
    const { logLevel, log } = recording();
    await using served = await boot(failing(new TypeError(secretText)), { logLevel });
    const { traceId } = (await served.app.inject(createProject)).json();
    const line = log()
      .split('\n')
      .find((each) => each.includes(secretText));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ correlationId: traceId, msg: 'request failed' });
  });

  it('is what an event store that went away answers with', async () => {
    await using served = await boot();
    await served.store.close();
    const answer = await served.app.inject(createProject);
    expect(answer.json()).toMatchObject({ status: 503, code: 'store-unavailable' });
  });
});

describe('a body', () => {
  it('that is not JSON is refused with the place', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ ...createProject, headers: json, payload: '{"name": "Acme",\n oops}' });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-json' });
    expect(answer.json().detail).toContain('line 2 column 2');
  });

  it.each(['{"name":"a","__proto__":{"admin":true}}', '{"name":{"constructor":{"prototype":{}}}}'])(
    'that would reach for a prototype is refused: %s',
    async (payload) => {
      await using served = await boot();
      const answer = await served.app.inject({ ...createProject, headers: json, payload });
      expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-json' });
    },
  );

  it.each(['"b"', '{"name":"b"}'])('may have a key named constructor: %s', async (value) => {
    await using served = await boot();
    const payload = `{"name":"a","constructor":${value}}`;
    expect((await served.app.inject({ ...createProject, headers: json, payload })).statusCode).toBe(201);
  });

  it('that nests without end is refused', async () => {
    await using served = await boot();
    const answer = await served.app.inject({
      ...createProject,
      headers: json,
      payload: '['.repeat(1e6) + ']'.repeat(1e6),
    });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-json' });
  });

  it('that does not fit its schema is refused with a pointer to each field', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ ...createProject, payload: { name: 7 } });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(answer.json().errors).toEqual([{ pointer: '/name', detail: 'must be text, is 7' }]);
  });

  it('that is missing is refused as one that does not fit', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ method: 'POST', url: '/api/projects', headers: json });
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-request' });
  });

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded'])(
    'of type %s is refused',
    async (type) => {
      await using served = await boot();
      const answer = await served.app.inject({
        ...createProject,
        headers: { ...asRoot, 'content-type': type },
        payload: '{"name":"Acme"}',
      });
      expect(answer.json()).toMatchObject({ status: 415, code: 'unsupported-type' });
    },
  );

  it('of more than 4 MiB is refused', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ ...createProject, payload: { name: 'x'.repeat(5 * 1024 * 1024) } });
    expect(answer.json()).toMatchObject({ status: 413, code: 'too-large' });
  });

  it.each([
    ['its length says so', `Content-Length: ${8 * mib}`, eight],
    [
      'it says nothing of its length',
      'Transfer-Encoding: chunked',
      `${(8 * mib).toString(16)}\r\n${eight}\r\n0\r\n\r\n`,
    ],
  ])('of more than 4 MiB is read to its end where %s, so that the client gets the answer', async (_, length, body) => {
    await using served = await boot();
    const { port } = new URL(await served.app.listen({ port: 0, host: '127.0.0.1' }));
    await using socket = connect(Number(port), '127.0.0.1');
    const head = ['POST /api/projects HTTP/1.1', 'Host: localhost', `Authorization: ${asRoot.authorization}`];
    const next = 'GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    socket.end([...head, 'Content-Type: application/json', length, '', body + next].join('\r\n'));
    const answers = await text(socket);
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200']);
  });

  it.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('packed with %s is unpacked, and refused when it unpacks to more than 4 MiB', async (encoding, pack) => {
    await using served = await boot();
    const headers = { ...json, 'content-encoding': encoding };
    const of = (name: string) => ({ ...createProject, headers, payload: pack(JSON.stringify({ name })) });
    expect((await served.app.inject(of('Acme'))).json()).toMatchObject({ name: 'Acme' });
    const bomb = await served.app.inject(of('x'.repeat(5 * 1024 * 1024)));
    expect(bomb.json()).toMatchObject({ status: 413, code: 'too-large' });
  });

  it.each([
    ['gzip', 400, 'invalid-request'],
    ['compress', 415, 'unsupported-type'],
  ])('that is not what its encoding %s says is refused', async (encoding, status, code) => {
    await using served = await boot();
    const headers = { ...json, 'content-encoding': encoding };
    const answer = await served.app.inject({ ...createProject, headers, payload: 'not packed at all' });
    expect(answer.json()).toMatchObject({ status, code });
  });
});

describe('a path', () => {
  it('with another method answers 405 and says which methods there are', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ method: 'PATCH', url: '/api/projects/abc/keys?x=1', headers: asRoot });
    expect(answer.json()).toMatchObject({ status: 405, code: 'method-not-allowed' });
    expect(answer.headers.allow?.split(', ')).toEqual(expect.arrayContaining(['GET', 'POST']));
  });

  it.each([
    ['is not JSON', '{'],
    ['is too large', eight],
  ])('that leads nowhere is the answer, also where the body %s', async (_, payload) => {
    await using served = await boot();
    const answer = await served.app.inject({ ...createProject, headers: json, url: '/api/nowhere', payload });
    expect(answer.json()).toMatchObject({ status: 404, code: 'not-found' });
    const put = await served.app.inject({ ...createProject, headers: json, method: 'PUT', payload });
    expect(put.json()).toMatchObject({ status: 405, code: 'method-not-allowed' });
  });

  it('that is not a path is refused', async () => {
    await using served = await boot();
    expect((await served.app.inject('/api/%zz')).json()).toMatchObject({ status: 400, code: 'invalid-request' });
  });

  it('answers HEAD as GET, without a body', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ method: 'HEAD', url: '/livez' });
    expect({ statusCode: answer.statusCode, body: answer.body }).toEqual({ statusCode: 200, body: '' });
  });
});

describe('what is not even a request', () => {
  it.each([
    ['no HTTP', 'HELLO\r\n\r\n', 400, 'invalid-request'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}',
      400,
      'invalid-request',
    ],
    ['huge headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ] as const)(
    'such as %s is answered with a problem document, and the connection ends',
    async (_, sent, status, code) => {
      const { logLevel, log } = recording();
      await using served = await boot(undefined, { logLevel });
      const { port } = new URL(await served.app.listen({ port: 0, host: '127.0.0.1' }));
      await using socket = connect(Number(port), '127.0.0.1');
      socket.write(sent);
      const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(head).toContain('Content-Type: application/problem+json');
      const problem = JSON.parse(body);
      expect(problem).toEqual({
        type: `/problems#${code}`,
        title: kinds[code].title,
        status,
        detail: expect.any(String),
        code,
        traceId: /X-Correlation-Id: (.*)/.exec(head)?.[1],
      });
      expect(log()).toContain(problem.traceId);
    },
  );
});

describe('a correlation id', () => {
  it('is returned and remembered by every fact that follows, with the trace context', async () => {
    await using served = await boot();
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const headers = { ...asRoot, 'x-correlation-id': 'Order_7.b-1', traceparent };
    const answer = await served.app.inject({ ...createProject, headers });
    expect(answer.headers['x-correlation-id']).toBe('Order_7.b-1');
    const facts = await allFacts(served.store);
    expect(facts.map(({ metadata }) => metadata)).toEqual([
      expect.objectContaining({ correlationId: 'Order_7.b-1', traceparent, actor: 'root' }),
      expect.objectContaining({ correlationId: 'Order_7.b-1', traceparent, actor: 'root' }),
      expect.objectContaining({ correlationId: 'Order_7.b-1', traceparent, actor: 'root' }),
    ]);
  });

  it.each(['', 'a b', 'x'.repeat(129), 'a\tb'])('is made when %j came', async (given) => {
    await using served = await boot();
    const answer = await served.app.inject({ url: '/livez', headers: { 'x-correlation-id': given } });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('goes without a trace context that is not well-formed', async () => {
    await using served = await boot();
    const traceparent = '00-00000000000000000000000000000000-00f067aa0ba902b7-01';
    await served.app.inject({ ...createProject, headers: { ...asRoot, traceparent } });
    const [fact] = await allFacts(served.store);
    expect(fact?.metadata.traceparent).toBeUndefined();
  });
});

describe('a read after a write', () => {
  const after = (position: string) => ({
    url: '/api/projects',
    headers: { ...asRoot, 'leadfold-after-position': position },
  });

  it('waits until the read models have come that far', async () => {
    const asked: number[] = [];
    await using served = await boot(() => ({ reached: async (position) => void asked.push(position) }));
    await served.app.inject(after('17'));
    expect(asked).toEqual([17]);
  });

  it('gives up after a while', async () => {
    const never: ApiContext['reached'] = async (_, signal) => {
      await once(signal, 'abort');
      signal.throwIfAborted();
    };
    await using served = await boot(() => ({ reached: never }));
    const answer = await served.app.inject(after('17'));
    expect(answer.json()).toMatchObject({ status: 503, code: 'not-there-yet' });
    expect(answer.headers['retry-after']).toBe('1');
  });

  it.each(['soon', '-1', '1.5', ''])('refuses the position %j', async (position) => {
    await using served = await boot();
    expect((await served.app.inject(after(position))).json()).toMatchObject({ status: 400, code: 'invalid-header' });
  });
});

describe('the log', () => {
  it('has a line for each request, and neither keys nor bodies nor what is in a path', async () => {
    const { logLevel, log } = recording();
    await using served = await boot(() => ({}), { logLevel });
    const { projectId, apiKey } = await newProject(served, 'Secret plan');
    const url = `/api/projects/${projectId}/scoring-model?key=${apiKey}`;
    await served.app.inject({ url, headers: as(apiKey) });
    await served.app.inject({ url, headers: { 'x-api-key': apiKey } });
    await served.app.inject({
      method: 'POST',
      url: '/v1/track',
      payload: { writeKey: apiKey, event: 'x', userId: 'jo' },
    });
    expect(log()).toContain('"route":"/api/projects/:projectId/scoring-model","status":400');
    for (const secret of [adminKey, apiKey, 'Secret plan', '"jo"']) expect(log()).not.toContain(secret);
  });
});

describe('closing', () => {
  it('lets an answer that is under way finish', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const components: ApiContext['components'] = async () => {
      entered.resolve();
      await gate.promise;
      return [];
    };
    await using served = await boot(() => ({ components }));
    const origin = await served.app.listen({ port: 0, host: '127.0.0.1' });
    const sent = send(`${origin}/api/health`).end();
    const answered = once(sent, 'response');
    await entered.promise;
    const closing = served.app.close();
    gate.resolve();
    const [response] = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
    await closing;
  });
});
