import fastify from 'fastify';
import type { FastifyBaseLogger, InjectOptions } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { App } from '../../../src/api/http/app.ts';
import { authentication } from '../../../src/api/http/auth.ts';
import { openServer } from '../../../src/api/http/server.ts';
import { foldStates } from '../../../src/engine/states.ts';
import {
  adminKey,
  allFacts,
  as,
  asRoot,
  boot,
  newKey,
  newProject,
  projectProjects,
  apiContextOver,
} from '../support.ts';

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const modelOf = (projectId: string) => `/api/projects/${projectId}/scoring-model`;

describe('a key', () => {
  it.each([
    ['Authorization: Bearer', (key: string) => ({ authorization: `Bearer ${key}` })],
    ['authorization: bearer', (key: string) => ({ authorization: `bearer ${key}` })],
    ['X-API-Key', (key: string) => ({ 'x-api-key': key })],
    ['the user of Basic', (key: string) => basic(`${key}:`)],
  ])('is taken as %s', async (_, headersOf) => {
    await using served = await boot();
    const { projectId, apiKey } = await newProject(served);
    const answer = await served.app.inject({ url: modelOf(projectId), headers: headersOf(apiKey) });
    expect(answer.statusCode).toBe(200);
  });

  it('is taken as writeKey in the body where activities are sent', async () => {
    await using served = await boot();
    const { apiKey } = await newProject(served);
    const payload = { event: 'Signed Up', userId: 'jo', writeKey: apiKey };
    expect((await served.app.inject({ method: 'POST', url: '/v1/track', payload })).statusCode).toBe(200);
    const wrong = { ...payload, writeKey: `${apiKey.slice(0, -1)}-` };
    expect((await served.app.inject({ method: 'POST', url: '/v1/track', payload: wrong })).statusCode).toBe(401);
    const none = { event: 'Signed Up', userId: 'jo' };
    expect((await served.app.inject({ method: 'POST', url: '/v1/track', payload: none })).statusCode).toBe(401);
  });

  it('in the body is not taken elsewhere', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const { key } = await newKey(served, projectId, ['admin']);
    const payload = { name: 'k', scopes: ['admin'], writeKey: key };
    const answer = await served.app.inject({ method: 'POST', url: `/api/projects/${projectId}/keys`, payload });
    expect(answer.statusCode).toBe(401);
  });

  it.each([
    ['none', {}],
    ['an unknown one', as(`lf_nowhere_nokey_${'a'.repeat(32)}`)],
    ['something else', as('hello')],
    ['an empty one', { 'x-api-key': '' }],
    ['another scheme', { authorization: 'Digest username="jo"' }],
    ['a name of the prototype', as(`lf_constructor_constructor_${'a'.repeat(32)}`)],
    ['Basic with a password', basic(`${adminKey}:secret`)],
    ['almost the root key', as(`${adminKey}0`)],
  ])('is needed: with %s the answer is 401 and says how to send one', async (_, headers) => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const answer = await served.app.inject({ url: modelOf(projectId), headers });
    expect(answer.json()).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it('of the right name and the wrong secret opens nothing', async () => {
    await using served = await boot();
    const { projectId, apiKey } = await newProject(served);
    const answer = await served.app.inject({
      url: modelOf(projectId),
      headers: as(apiKey.replace(/.{32}$/, 'a'.repeat(32))),
    });
    expect(answer.statusCode).toBe(401);
  });

  it('is asked for before the body is read', async () => {
    await using served = await boot();
    const headers = { 'content-type': 'application/json' };
    const answer = await served.app.inject({ method: 'POST', url: '/api/projects', headers, payload: '{oops' });
    expect(answer.statusCode).toBe(401);
  });

  it('is stored nowhere but as a hash', async () => {
    await using served = await boot();
    const { projectId, apiKey } = await newProject(served);
    const { key } = await newKey(served, projectId, ['admin']);
    const facts = JSON.stringify(await allFacts(served.store));
    for (const value of [apiKey, key]) {
      expect(facts).toContain(value.split('_')[2]);
      expect(facts).not.toContain(value.split('_')[3]);
    }
  });

  it('stops working when it is revoked', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const { keyId, key } = await newKey(served, projectId, ['leads:read']);
    expect((await served.app.inject({ url: modelOf(projectId), headers: as(key) })).statusCode).toBe(200);
    const url = `/api/projects/${projectId}/keys/${keyId}`;
    expect((await served.app.inject({ method: 'DELETE', url, headers: asRoot })).statusCode).toBe(204);
    expect((await served.app.inject({ url: modelOf(projectId), headers: as(key) })).statusCode).toBe(401);
  });

  it('that another process issued works, and stops working within seconds of its revocation there', async () => {
    await using served = await boot();
    const now = { ms: 0 };
    const other = await openServer({ ...apiContextOver(served), monotonic: () => now.ms }, { logLevel: 'silent' });
    const { projectId, apiKey } = await newProject(served);
    expect((await other.inject({ url: modelOf(projectId), headers: as(apiKey) })).statusCode).toBe(200);
    const { keyId, key } = await newKey(served, projectId, ['leads:read']);
    expect((await other.inject({ url: modelOf(projectId), headers: as(key) })).statusCode).toBe(200);

    const url = `/api/projects/${projectId}/keys/${keyId}`;
    await served.app.inject({ method: 'DELETE', url, headers: asRoot });
    now.ms += 5_000;
    expect((await other.inject({ url: modelOf(projectId), headers: as(key) })).statusCode).toBe(401);
    await other.close();
  });
});

describe('a credential', () => {
  const ways: readonly (readonly [string, (key: string) => InjectOptions])[] = [
    ['Authorization: Bearer', (key) => ({ url: '/api/leads', headers: as(key) })],
    ['X-API-Key', (key) => ({ url: '/api/leads', headers: { 'x-api-key': key } })],
    ['the user of Basic', (key) => ({ url: '/api/leads', headers: basic(`${key}:`) })],
    ['writeKey', (writeKey) => ({ method: 'POST', url: '/v1/track', payload: { event: 'x', userId: 'u', writeKey } })],
  ];

  it.each(ways)('has at most 256 characters, as %s', async (_, requestOf) => {
    await using served = await boot();
    for (const [length, says] of [
      [255, /not known/],
      [256, /not known/],
      [257, /at most 256 characters/],
    ] as const) {
      const answer = await served.app.inject(requestOf('k'.repeat(length)));
      expect(answer.json()).toMatchObject({ status: 401, code: 'unauthorized', detail: expect.stringMatching(says) });
    }
  });

  it('that is no key of anybody is no key where settings are asked for', async () => {
    await using served = await boot();
    for (const length of [256, 257, 512]) {
      const answer = await served.app.inject({ url: `/v1/projects/${'k'.repeat(length)}/settings` });
      expect(answer.json()).toMatchObject({ status: 404, code: 'key-unknown' });
    }
  });
});

/** The app over a log that tells how often it was read, and over time that only the test moves. */
const counting = async () => {
  const [reads, now] = [{ count: 0 }, { ms: 0 }];
  const served = await boot((api, { store }) => {
    const counted: typeof store = {
      ...store,
      read: (...of) => {
        reads.count++;
        return store.read(...of);
      },
    };
    return { engine: { ...api.engine, states: foldStates(counted, 100_000) }, monotonic: () => now.ms };
  });
  const statusOf = async (key: string) => (await served.app.inject({ url: '/api/leads', headers: as(key) })).statusCode;
  const readsOf = async (...keys: readonly string[]): Promise<number> => {
    const before = reads.count;
    for (const key of keys) expect(await statusOf(key)).toBe(401);
    return reads.count - before;
  };
  return { served, now, reads, statusOf, readsOf };
};
const unknownOf = (projectId: string, count: number) =>
  Array.from({ length: count }, (_, n) => `lf_${projectId}_no${n}_${'a'.repeat(32)}`);

describe('keys that nobody has', () => {
  it('cost one look at the log in 2 s for each project that they name, whether there is such a project or not', async () => {
    const { served, now, readsOf, statusOf } = await counting();
    await using _ = served;
    const { projectId, apiKey } = await newProject(served);
    expect(await statusOf(apiKey)).toBe(200);
    expect(await readsOf(...unknownOf(projectId, 50))).toBe(1);
    expect(await readsOf(...unknownOf('nowhere', 50))).toBe(1);
    now.ms += 1_999;
    expect(await readsOf(...unknownOf('nowhere', 50))).toBe(0);
    now.ms += 1;
    expect(await readsOf(...unknownOf('nowhere', 50))).toBe(1);
    expect(await readsOf(...unknownOf(projectId, 50))).toBeLessThanOrEqual(2);
  });

  it('take no place of those that are known', async () => {
    const { served, reads, readsOf, statusOf } = await counting();
    await using _ = served;
    const { apiKey } = await newProject(served);
    expect(await statusOf(apiKey)).toBe(200);
    // What an empty stream adds up to would take 500 bytes of the 100,000 that there are.
    await readsOf(...Array.from({ length: 500 }, (_, n) => unknownOf(`p${n}`, 1)).flat());
    const before = reads.count;
    expect(await statusOf(apiKey)).toBe(200);
    expect(reads.count).toBe(before);
  });

  it('do not keep out one that another process has issued, for more than 2 s', async () => {
    const { served, now, readsOf, statusOf } = await counting();
    await using _ = served;
    const other = await openServer(apiContextOver(served), { logLevel: 'silent' });
    const { projectId, apiKey } = await newProject(served);
    expect(await statusOf(apiKey)).toBe(200);
    await readsOf(...unknownOf(projectId, 3));
    const { key } = await newKey({ app: other }, projectId, ['leads:read']);
    now.ms += 2_000;
    expect(await Promise.all([1, 2, 3].map(() => statusOf(key)))).toEqual([200, 200, 200]);
    await other.close();
  });
});

describe('a key that another process took back', () => {
  it.each([
    ['goes on', 3_600_000],
    ['steps back by an hour', -3_600_000],
  ])('opens nothing after 2 s, also where the clock %s', async (_, step) => {
    await using served = await boot();
    const [now, clock] = [{ ms: 5_000 }, { ms: Date.parse('2026-03-01T12:00:00Z') }];
    const api = { ...apiContextOver(served), monotonic: () => now.ms, clock: () => new Date(clock.ms) };
    const other = await openServer(api, { logLevel: 'silent' });
    const { projectId } = await newProject(served);
    const { keyId, key } = await newKey(served, projectId, ['leads:read']);
    const statusOf = async () => (await other.inject({ url: '/api/leads', headers: as(key) })).statusCode;
    expect(await statusOf()).toBe(200);
    await served.app.inject({ method: 'DELETE', url: `/api/projects/${projectId}/keys/${keyId}`, headers: asRoot });
    clock.ms += step;
    now.ms += 999;
    expect(await statusOf()).toBe(200);
    now.ms += 1_001;
    expect(await Promise.all([statusOf(), statusOf()])).toEqual([401, 401]);
    await other.close();
  });

  it('is looked at ahead of time, so that nobody waits who comes again and again', async () => {
    const { served, now, reads, statusOf } = await counting();
    await using _ = served;
    const { apiKey } = await newProject(served);
    expect(await statusOf(apiKey)).toBe(200);
    now.ms += 1_000;
    const before = reads.count;
    expect(await Promise.all([statusOf(apiKey), statusOf(apiKey)])).toEqual([200, 200]);
    now.ms += 1_500;
    expect(await statusOf(apiKey)).toBe(200);
    expect(reads.count - before).toBeLessThanOrEqual(2);
  });
});

describe('while the event store is away', () => {
  it('a key that is known still reads, and one that is not is told to come back', async () => {
    const now = { ms: 0 };
    await using served = await boot(() => ({ monotonic: () => now.ms }));
    const { projectId } = await newProject(served);
    const { key } = await newKey(served, projectId, ['admin']);
    await projectProjects(served);
    await served.store.close();
    now.ms += 60_000;
    expect((await served.app.inject({ url: '/api/projects', headers: as(key) })).json().data).toHaveLength(1);
    const unknown = await served.app.inject({ url: '/api/projects', headers: as(key.replace(/_[^_]+_/, '_another_')) });
    expect(unknown.statusCode).toBe(503);
  });
});

describe('a scope', () => {
  it('that a key lacks is named', async () => {
    await using served = await boot();
    const { projectId, apiKey } = await newProject(served);
    const answer = await served.app.inject({
      method: 'PUT',
      url: modelOf(projectId),
      headers: as(apiKey),
      payload: {},
    });
    expect(answer.json()).toMatchObject({ status: 403, code: 'scope-missing' });
    expect(answer.json().detail).toContain('config:write');
  });

  it('admin is everything in its own project, and no more', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const { key } = await newKey(served, projectId, ['admin']);
    const payload = { engagement: [{ id: 'visit', when: { eventType: 'page_view' }, points: 70 }] };
    const put = await served.app.inject({ method: 'PUT', url: modelOf(projectId), headers: as(key), payload });
    expect(put.statusCode).toBe(200);
    const create = await served.app.inject({
      method: 'POST',
      url: '/api/projects',
      headers: as(key),
      payload: { name: 'x' },
    });
    expect(create.json()).toMatchObject({ status: 403, code: 'scope-missing' });
  });

  it('must be declared by every route that is not public', async () => {
    await using served = await boot();
    const loggerInstance: FastifyBaseLogger = pino({ level: 'silent' });
    const app: App = fastify({ loggerInstance }).withTypeProvider<ZodTypeProvider>();
    authentication(app, apiContextOver(served));
    expect(() => app.get('/neither', () => 'x')).toThrow('/neither');
    expect(() => app.get('/both', { config: { public: true, permission: 'keys' } }, () => 'x')).toThrow('/both');
    expect(() => app.get('/open', { config: { public: true } }, () => 'x')).not.toThrow();
  });
});

describe("another project's key", () => {
  it('gets the answer for a project that does not exist', async () => {
    await using served = await boot();
    const [mine, theirs] = [await newProject(served), await newProject(served)];
    const { key } = await newKey(served, mine.projectId, ['admin']);
    const ask = async (projectId: string) => {
      const headers = { ...as(key), 'x-correlation-id': 'same' };
      const answer = await served.app.inject({ url: modelOf(projectId), headers });
      return [answer.statusCode, answer.body.replaceAll(projectId, '<id>')];
    };
    expect(await ask(theirs.projectId)).toEqual(await ask('nowhere'));
    expect((await ask(theirs.projectId))[0]).toBe(404);
    expect((await ask(mine.projectId))[0]).toBe(200);
  });

  it('can not reach it by naming it in a header', async () => {
    await using served = await boot();
    const [mine, theirs] = [await newProject(served), await newProject(served)];
    const headers = { ...as(mine.apiKey), 'x-project-id': theirs.projectId };
    expect((await served.app.inject({ url: '/api/leads', headers })).statusCode).toBe(404);
  });
});

describe('a project in the path and another in a header', () => {
  it.each(['the root key', 'a key of the one', 'a key of the other'])(
    'is refused as a contradiction to %s',
    async (whose) => {
      await using served = await boot();
      const [one, other] = [await newProject(served), await newProject(served)];
      const key = whose === 'the root key' ? adminKey : (whose === 'a key of the one' ? one : other).apiKey;
      const ask = (named: string) =>
        served.app.inject({ url: modelOf(one.projectId), headers: { ...as(key), 'x-project-id': named } });
      const refused = await ask(other.projectId);
      expect(refused.json()).toMatchObject({ status: 400, code: 'project-contradiction' });
      expect(refused.json().detail).toContain('leave the header out');
      expect((await ask('No Where')).json()).toMatchObject({ status: 400, code: 'invalid-header' });
      expect((await ask(one.projectId)).statusCode).toBe(whose === 'a key of the other' ? 404 : 200);
    },
  );

  it('is a contradiction wherever a path names a project, and nothing is done', async () => {
    await using served = await boot();
    const [one, other] = [await newProject(served), await newProject(served)];
    const headers = { ...asRoot, 'x-project-id': other.projectId };
    const before = (await allFacts(served.store)).length;
    const payload = { name: 'x', scopes: ['admin'] };
    for (const url of [`/api/projects/${one.projectId}/keys`, `/api/admin/rebuild-project/${one.projectId}`]) {
      const answer = await served.app.inject({ method: 'POST', url, headers, payload });
      expect(answer.json()).toMatchObject({ status: 400, code: 'project-contradiction' });
    }
    expect(await allFacts(served.store)).toHaveLength(before);
  });
});

describe('the root key', () => {
  const leads = (projectId?: string) => ({
    url: '/api/leads/lookup?email=a@b.c',
    headers: { ...asRoot, ...(projectId !== undefined && { 'x-project-id': projectId }) },
  });

  it('says which project it means, else it is told how', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const none = await served.app.inject(leads());
    expect(none.json()).toMatchObject({ status: 400, code: 'project-missing' });
    expect(none.json().detail).toContain('X-Project-Id');
    expect((await served.app.inject(leads(projectId))).json()).not.toMatchObject({ code: 'project-missing' });
  });

  it('is refused a project that does not exist, or could not', async () => {
    await using served = await boot();
    expect((await served.app.inject(leads('nowhere'))).json()).toMatchObject({ status: 404, code: 'project-unknown' });
    expect((await served.app.inject(leads('No Where'))).json()).toMatchObject({ status: 400, code: 'invalid-header' });
  });
});
