import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ApiContext } from '../../../src/api/http/context.ts';
import { rateLimits } from '../../../src/api/http/rate-limits.ts';
import { consoleCookie } from '../../../src/api/http/signed.ts';
import type { LimitSettings } from '../../../src/config/limits.ts';
import type { EventStore } from '../../../src/eventstore/event-store.ts';
import { cookieStart } from '../../../src/flows/people/known-sessions.ts';
import { secretText } from '../../../src/flows/people/tokens.ts';
import { openInstruments } from '../../../src/telemetry/instruments.ts';
import { memberOf } from '../../support/members.ts';
import { adminKey, as, asRoot, boot, newProject, unlimited } from '../support.ts';

/** The app with some limits, whose time only the test moves. */
const limited = async (perMinute: Partial<LimitSettings>, opened: (api: ApiContext) => void = () => undefined) => {
  const time = { at: 1_000 };
  const limits = rateLimits({ perMinute: { ...unlimited, ...perMinute }, monotonic: () => time.at, adminKey });
  const booted = await boot((api) => {
    opened(api);
    return { limits };
  });
  const get = (url: string, headers: Readonly<Record<string, string>> = {}, remoteAddress = '192.0.2.1') =>
    booted.app.inject({ method: 'GET', url, headers, remoteAddress });
  const post = (url: string, key: string, payload: object) =>
    booted.app.inject({ method: 'POST', url, headers: as(key), payload });
  const forward = (seconds: number): void => {
    time.at += seconds * 1_000;
  };
  return { ...booted, get, post, forward };
};

type Limited = Awaited<ReturnType<typeof limited>>;
type Answer = Awaited<ReturnType<Limited['get']>>;

/** The streams that are read from now on. */
const readsOf = (store: EventStore): readonly string[] => {
  const reads: string[] = [];
  const read = store.read.bind(store);
  store.read = (stream, ...rest) => {
    reads.push(stream);
    return read(stream, ...rest);
  };
  return reads;
};

const statuses = (answers: readonly Answer[]) => answers.map(({ statusCode }) => statusCode);
const times = async (count: number, ask: () => Promise<Answer>): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  for (let left = count; left > 0; left--) answers.push(await ask());
  return answers;
};
const page = { eventType: 'page_view', anonymousId: 'a' };

describe('What a key may do', () => {
  it('is so much at once, and as much again in the course of a minute', async () => {
    await using app = await limited({ reads: 3 });
    const { apiKey } = await newProject(app);
    const ask = () => app.get('/api/leads', as(apiKey));
    expect(statuses(await times(4, ask))).toEqual([200, 200, 200, 429]);
    app.forward(19);
    expect(statuses(await times(1, ask))).toEqual([429]);
    app.forward(1);
    expect(statuses(await times(2, ask))).toEqual([200, 429]);
    app.forward(3_600);
    expect(statuses(await times(4, ask))).toEqual([200, 200, 200, 429]);
  });

  it('is told with each answer, also with one that refuses', async () => {
    await using app = await limited({ reads: 2 });
    const { apiKey } = await newProject(app);
    const [first, second, third] = await times(3, () => app.get('/api/leads?limit=0', as(apiKey)));
    expect(first).toMatchObject({ statusCode: 400 });
    expect(first?.headers).toMatchObject({ 'ratelimit-policy': '"reads";q=2;w=60', ratelimit: '"reads";r=1;t=30' });
    expect(second?.headers).toMatchObject({ ratelimit: '"reads";r=0;t=60' });
    expect(second?.headers).not.toHaveProperty('retry-after');
    expect(third?.headers).toMatchObject({ 'retry-after': '30', ratelimit: '"reads";r=0;t=60' });
    expect(third?.headers['content-type']).toContain('application/problem+json');
    expect(third?.json()).toMatchObject({ status: 429, code: 'rate-limited', type: '/problems#rate-limited' });
    expect(third?.json().detail).toBe('2 reads are allowed in a minute; go on in 30 s');
  });

  it('is counted for each key, and for reads, changes, and what takes long, by themselves', async () => {
    await using app = await limited({ reads: 1, writes: 3, heavy: 1 });
    const one = await newProject(app);
    const other = await newProject(app);
    expect(statuses(await times(2, () => app.get('/api/leads', as(one.apiKey))))).toEqual([200, 429]);
    expect(statuses(await times(2, () => app.get('/api/leads', as(other.apiKey))))).toEqual([200, 429]);
    const rebuild = () =>
      app.app.inject({ method: 'POST', url: '/api/admin/projections/leads/rebuild', headers: asRoot });
    expect(statuses(await times(2, rebuild))).toEqual([202, 429]);
    expect(statuses(await times(2, () => app.get('/api/projects', asRoot)))).toEqual([200, 429]);
    expect(statuses([await app.post('/api/projects', adminKey, { name: 'x' })])).toEqual([201]);
    expect(statuses([await app.post('/api/projects', adminKey, { name: 'x' })])).toEqual([429]);
  });

  it('is no event more than the limit: a batch is taken or refused whole', async () => {
    await using app = await limited({ ingest: 10 });
    const { apiKey } = await newProject(app);
    const batch = (count: number) =>
      app.post('/api/events/batch', apiKey, { events: Array.from({ length: count }, () => page) });
    const seven = await batch(7);
    expect(seven.statusCode).toBe(200);
    expect(seven.headers).toMatchObject({ 'ratelimit-policy': '"ingest";q=10;w=60', ratelimit: '"ingest";r=3;t=42' });
    const four = await batch(4);
    expect(four).toMatchObject({ statusCode: 429, headers: { 'retry-after': '6' } });
    const many = await batch(11);
    expect(many.statusCode).toBe(429);
    expect(many.json().detail).toContain('send fewer at a time');
    expect(statuses(await times(4, () => app.post('/api/events', apiKey, page)))).toEqual([202, 202, 202, 429]);
    expect(await app.store.head()).toBeGreaterThan(0);
    const segment = { batch: [{ type: 'track', event: 'x', anonymousId: 'a' }] };
    expect((await app.post('/v1/batch', apiKey, segment)).statusCode).toBe(429);
    app.forward(60);
    expect((await app.post('/v1/batch', apiKey, segment)).headers).toMatchObject({ ratelimit: '"ingest";r=9;t=6' });
  });

  it('is not asked where health is told', async () => {
    await using app = await limited({ reads: 1, address: 1, failures: 1, heavy: 1 });
    for (const path of ['/api/health', '/livez', '/readyz']) {
      const answers = await times(5, () => app.get(path));
      expect(answers.every(({ statusCode }) => statusCode === 200 || statusCode === 503)).toBe(true);
      expect(answers[0]?.headers).not.toHaveProperty('ratelimit');
    }
  });
});

describe('What an address may do', () => {
  it.each(['/openapi.json', '/nowhere', '/api/leads'])('without a key is so much: %s', async (path) => {
    await using app = await limited({ address: 2 });
    const { apiKey } = await newProject(app);
    const [first, ...others] = statuses(await times(4, () => app.get(path)));
    expect(others).toEqual([first, 429, 429]);
    expect((await app.get(path)).headers).toMatchObject({ 'ratelimit-policy': '"address";q=2;w=60' });
    // Neither who comes from elsewhere has to wait, nor who has a key.
    expect((await app.get(path, {}, '192.0.2.2')).statusCode).toBe(first);
    expect((await app.get('/api/leads', as(apiKey))).statusCode).toBe(200);
  });

  it('is of the network where somebody has many addresses', async () => {
    await using app = await limited({ address: 2 });
    const from = async (address: string) => (await app.get('/openapi.json', {}, address)).statusCode;
    expect([await from('2001:db8::1'), await from('2001:db8::2'), await from('2001:db8::3')]).toEqual([200, 200, 429]);
    expect(await from('2001:db8:0:1::1')).toBe(200);
  });

  it('is not used up by keys that come in bodies', async () => {
    await using app = await limited({ address: 2 });
    const { apiKey } = await newProject(app);
    const send = (writeKey: string) =>
      app.app.inject({ method: 'POST', url: '/v1/track', payload: { ...page, event: 'x', writeKey } });
    expect(statuses(await times(5, () => send(apiKey)))).toEqual([200, 200, 200, 200, 200]);
    expect(statuses(await times(3, () => send('lf_x_y_z')))).toEqual([401, 401, 429]);
  });

  it('is so many wrong keys, which do not shut out who has a right one', async () => {
    await using app = await limited({ failures: 3 });
    const { apiKey, projectId } = await newProject(app);
    const wrong = (key: string) => () => app.get('/api/leads', as(key));
    const guess = `lf_${projectId}_${'a'.repeat(12)}_${'b'.repeat(32)}`;
    expect(statuses(await times(5, wrong(guess)))).toEqual([401, 401, 401, 429, 429]);
    const refused = await wrong('nonsense')();
    expect(refused.headers).toMatchObject({ 'ratelimit-policy': '"failures";q=3;w=60', 'retry-after': '20' });
    expect((await app.get('/api/leads', as(apiKey))).statusCode).toBe(200);
    expect((await app.get('/api/leads', as(guess), '192.0.2.2')).statusCode).toBe(401);
    app.forward(20);
    expect(statuses(await times(2, wrong('nonsense')))).toEqual([401, 429]);
  });

  it.each([
    ['key', (n: number) => as(`lf_project${n}_${'a'.repeat(12)}_${'b'.repeat(32)}`)],
    ['cookie', () => ({ cookie: `${consoleCookie}=${cookieStart}${secretText(randomUUID(), randomBytes(32))}` })],
  ])('reads nothing of the log for one more wrong %s', async (_, sent) => {
    await using app = await limited({ failures: 2 });
    const reads = readsOf(app.store);
    const answers: Answer[] = [];
    for (let n = 0; n < 20; n++) answers.push(await app.get('/api/leads', sent(n)));
    expect(statuses(answers.slice(0, 4))).toEqual([401, 401, 429, 429]);
    expect(reads.length).toBe(2);
  });
});

describe('What else is wrong counts as well', () => {
  it('the projects that a person names and does not belong to, of which nobody asks the log without end', async () => {
    const apis: ApiContext[] = [];
    await using app = await limited({ failures: 3 }, (api) => void apis.push(api));
    const { projectId } = await newProject(app);
    const person = await memberOf(apis[0]!, { projectId, email: 'ada@example.com', role: 'analyst' });
    const signed = await person.signIn();
    const theirs = () => app.get('/api/leads', { ...signed, 'x-project-id': projectId });
    const reads = readsOf(app.store);
    const answers: Answer[] = [];
    for (let n = 0; n < 20; n++) answers.push(await app.get('/api/leads', { ...signed, 'x-project-id': `none${n}` }));
    expect(statuses(answers.slice(0, 5))).toEqual([404, 404, 404, 429, 429]);
    expect(reads.filter((stream) => stream.startsWith('project-none'))).toHaveLength(3);
    // What is theirs they may do all the same.
    expect((await theirs()).statusCode).toBe(200);
    // A colleague behind the same address, whom this process does not know yet, is let in.
    const colleague = await memberOf(apis[0]!, { projectId, email: 'grace@example.com', role: 'analyst' });
    const hers = await app.get('/api/leads', { ...(await colleague.signIn()), 'x-project-id': projectId });
    expect(hers.statusCode).toBe(200);
  });

  it.each([
    [
      'keys that open no console',
      (app: Limited, key: string) => app.app.inject({ method: 'POST', url: '/api/auth/console', payload: { key } }),
      401,
    ],
    [
      'write keys that Segment’s client asks for',
      (app: Limited, key: string) => app.get(`/v1/projects/${key}/settings`),
      404,
    ],
  ] as const)('%s', async (_, ask, status) => {
    await using app = await limited({ failures: 2 });
    const { apiKey } = await newProject(app);
    const from = (key: string) => ask(app, key);
    const reads = readsOf(app.store);
    const answers: Answer[] = [];
    for (let n = 0; n < 10; n++) answers.push(await from(`lf_project${n}_${'a'.repeat(12)}_${'b'.repeat(32)}`));
    expect(statuses(answers.slice(0, 4))).toEqual([status, status, 429, 429]);
    expect(reads).toHaveLength(2);
    expect((await from(apiKey)).statusCode).toBe(200);
  });
});

describe('What a source of webhooks may do', () => {
  /** An app with two sources that name a secret, and what posts to one of them. */
  const withSources = async (perMinute: Partial<LimitSettings>) => {
    const app = await limited(perMinute);
    const { projectId } = await newProject(app);
    const make = async (): Promise<{ readonly path: string; readonly secret: string }> => {
      const url = `/api/projects/${projectId}/sources`;
      return (await app.post(url, adminKey, { name: 'Forms', scheme: 'token' })).json();
    };
    const sources = [await make(), await make()] as const;
    const hook = (path: string, secret: string, remoteAddress = '192.0.2.1', payload: object = page) =>
      app.app.inject({ method: 'POST', url: path, headers: as(secret), payload, remoteAddress });
    return { ...app, sources, hook };
  };

  it('is so many wrong signatures of an address, which are no matter of other sources and addresses', async () => {
    await using app = await withSources({ failures: 3 });
    const [one, other] = app.sources;
    expect(statuses(await times(5, () => app.hook(one.path, 'wrong')))).toEqual([401, 401, 401, 429, 429]);
    expect((await app.hook(one.path, one.secret)).statusCode).toBe(429);
    expect((await app.hook(one.path, one.secret, '192.0.2.2')).statusCode).toBe(202);
    expect((await app.hook(other.path, other.secret)).statusCode).toBe(202);
    app.forward(20);
    expect((await app.hook(one.path, one.secret)).statusCode).toBe(202);
  });

  it('is so many paths of an address that are no source', async () => {
    await using app = await withSources({ failures: 2 });
    const answers = await times(4, () => app.hook(`/webhooks/${crypto.randomUUID()}`, 'x'));
    expect(statuses(answers)).toEqual([404, 404, 429, 429]);
  });

  it('is so many events, whatever the address may do without a key', async () => {
    await using app = await withSources({ ingest: 5, address: 1 });
    const [one, other] = app.sources;
    const many = [page, page, page];
    expect((await app.hook(one.path, one.secret, undefined, many)).statusCode).toBe(202);
    const [refused] = await times(1, () => app.hook(one.path, one.secret, undefined, [...many, page]));
    expect(refused).toMatchObject({ statusCode: 429, headers: { 'ratelimit-policy': '"ingest";q=5;w=60' } });
    expect((await app.hook(other.path, other.secret, undefined, many)).statusCode).toBe(202);
  });
});

it('A flood of one key, and of one address, takes nothing from others', async () => {
  await using app = await limited({ reads: 5, address: 5, failures: 5, ingest: 5 });
  const [loud, quiet] = [await newProject(app), await newProject(app)];
  const flood = Array.from({ length: 300 }, async (_, n) => {
    if (n % 3 === 0) return app.get('/api/leads', as(loud.apiKey));
    return n % 3 === 1
      ? app.post('/api/events', loud.apiKey, page)
      : app.get('/api/leads', as('wrong'), '198.51.100.1');
  });
  const bystander = times(3, () => app.get('/api/leads', as(quiet.apiKey)));
  const sent = times(3, () => app.post('/api/events', quiet.apiKey, page));
  const refused = statuses(await Promise.all(flood)).filter((status) => status === 429);
  expect(refused).toHaveLength(285);
  expect(statuses(await bystander)).toEqual([200, 200, 200]);
  expect(statuses(await sent)).toEqual([202, 202, 202]);
});

it('What is refused is counted, by what it counts as and by what refused it', async () => {
  const instruments = openInstruments();
  const limits = rateLimits({ perMinute: { ...unlimited, reads: 1, failures: 1 }, monotonic: () => 0, adminKey });
  const telemetry = { instruments, metrics: { text: async () => '' } };
  await using booted = await boot(() => ({ limits }), { telemetry });
  const { apiKey } = await newProject(booted);
  const ask = (key: string) => booted.app.inject({ url: '/api/leads', headers: as(key) });
  for (const key of [apiKey, apiKey, 'wrong', 'wrong', 'wrong']) await ask(key);
  const { series } = instruments.limited.family();
  expect(series.map(({ labels, value }) => [labels, value])).toEqual([
    [['reads', 'reads'], 1],
    [['reads', 'failures'], 2],
  ]);
});
