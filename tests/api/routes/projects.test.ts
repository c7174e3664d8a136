import { describe, expect, it } from 'vitest';
import type { App } from '../../../src/api/http/app.ts';
import { openServer } from '../../../src/api/http/server.ts';
import type { Booted } from '../support.ts';
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

type Headers = Readonly<Record<string, string>>;

const create = (name: string, headers: Headers = {}) =>
  ({ method: 'POST', url: '/api/projects', headers: { ...asRoot, ...headers }, payload: { name } }) as const;

describe('a new project', () => {
  it('answers with its id, its name, a key that sends events and reads leads and one that only sends', async () => {
    await using served = await boot();
    const answer = await served.app.inject(create('  Acme '));
    const { projectId, name, apiKey, writeKey } = answer.json();
    expect(answer.statusCode).toBe(201);
    expect(answer.headers).toMatchObject({ location: `/api/projects/${projectId}`, 'leadfold-position': '3' });
    expect(projectId).toMatch(/^[a-z0-9]{12}$/);
    expect(name).toBe('Acme');
    for (const key of [apiKey, writeKey])
      expect(key).toMatch(new RegExp(`^lf_${projectId}_[a-z0-9]{12}_[A-Za-z0-9]{32}$`));
    expect(writeKey.split('_').slice(2)).not.toEqual(apiKey.split('_').slice(2));
    const keys = await served.app.inject({ url: `/api/projects/${projectId}/keys`, headers: asRoot });
    expect(keys.json().data).toHaveLength(2);
    const issued = [
      { keyId: apiKey.split('_')[2], name: 'default', scopes: ['events:write', 'leads:read'] },
      { keyId: writeKey.split('_')[2], name: 'write', scopes: ['events:write'] },
    ];
    expect(keys.json().data).toEqual(expect.arrayContaining(issued));
    const found = await served.app.inject({ url: `/api/projects/${projectId}`, headers: as(apiKey) });
    expect(found.json()).toEqual({ projectId, name: 'Acme', createdAt: '2026-03-01T12:00:00.000Z' });
  });

  it('with an Idempotency-Key is made once, and the retry is told the same key', async () => {
    await using served = await boot();
    const first = await served.app.inject(create('Acme', { 'idempotency-key': 'order-7' }));
    const again = await served.app.inject(create('Acme', { 'idempotency-key': '"order-7"' }));
    expect(again.statusCode).toBe(201);
    expect(again.body).toBe(first.body);
    expect(await allFacts(served.store)).toHaveLength(3);
    const other = await served.app.inject(create('Acme', { 'idempotency-key': 'order-8' }));
    expect(other.json().apiKey).not.toBe(first.json().apiKey);
    const log = JSON.stringify(await allFacts(served.store));
    for (const name of ['apiKey', 'writeKey']) expect(log).not.toContain(first.json()[name].split('_')[3]);
  });

  it('has a write key that browsers may show to anybody: it sends, and reads and changes nothing', async () => {
    await using served = await boot();
    const { projectId, writeKey } = (await served.app.inject(create('Acme'))).json();
    const event = { eventType: 'page_view', anonymousId: 'a' };
    const ask = async (method: 'GET' | 'POST', url: string, payload?: object) =>
      (await served.app.inject({ method, url, headers: as(writeKey), ...(payload && { payload }) })).statusCode;
    expect(await ask('POST', '/api/events/ingest', event)).toBe(202);
    expect(await ask('POST', '/v1/identify', { userId: 'u', writeKey })).toBe(200);
    const others = ['/api/leads', `/api/projects/${projectId}`, `/api/projects/${projectId}/keys`, '/api/work-items'];
    for (const url of others) expect({ url, ask: await ask('GET', url) }).toEqual({ url, ask: 403 });
    expect(await ask('POST', `/api/projects/${projectId}/keys`, { name: 'x', scopes: ['admin'] })).toBe(403);
  });

  it.each(['', '""', 'a b', 'x'.repeat(256), 'é'])('is refused the Idempotency-Key %j', async (key) => {
    await using served = await boot();
    const answer = await served.app.inject(create('Acme', { 'idempotency-key': key }));
    expect(answer.json()).toMatchObject({ status: 400, code: 'invalid-header' });
  });
});

describe('the list of projects', () => {
  const list = async ({ app }: Booted, query = '', headers: Headers = asRoot) =>
    (await app.inject({ url: `/api/projects${query}`, headers })).json();

  it('comes in pages, each project once', async () => {
    await using served = await boot();
    const ids = [];
    for (const name of ['A', 'B', 'C']) ids.push((await newProject(served, name)).projectId);
    await projectProjects(served);
    const first = await list(served, '?limit=2');
    const second = await list(served, `?limit=2&cursor=${first.nextCursor}`);
    expect({
      firstDataCount: first.data.length,
      secondDataCount: second.data.length,
      nextCursor: second.nextCursor,
    }).toEqual({ firstDataCount: 2, secondDataCount: 1, nextCursor: null });
    const seen = [...first.data, ...second.data].map(({ projectId }: { projectId: string }) => projectId);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it('of a key has its own project only', async () => {
    await using served = await boot();
    const [mine] = [await newProject(served, 'Mine'), await newProject(served, 'Theirs')];
    await projectProjects(served);
    const { key } = await newKey(served, mine.projectId, ['admin']);
    expect((await list(served, '', as(key))).data).toMatchObject([{ projectId: mine.projectId, name: 'Mine' }]);
  });

  it('refuses a cursor that was changed or belongs to another list', async () => {
    await using served = await boot();
    const mine = await newProject(served, 'A');
    await newProject(served, 'B');
    await projectProjects(served);
    const { key } = await newKey(served, mine.projectId, ['admin']);
    const { nextCursor } = await list(served, '?limit=1');
    const [place, seal] = nextCursor.split('.');
    const forged = Buffer.from(JSON.stringify(['', ''])).toString('base64url');
    for (const cursor of [`${forged}.${seal}`, place, `${place}.`, `${nextCursor}.x`, 'x']) {
      expect(await list(served, `?cursor=${cursor}`)).toMatchObject({ status: 400, code: 'invalid-cursor' });
    }
    expect(await list(served, `?cursor=${nextCursor}`, as(key))).toMatchObject({ status: 400, code: 'invalid-cursor' });
    expect((await list(served, `?cursor=${nextCursor}`)).data).toHaveLength(1);
  });

  it.each(['0', '201', 'many', '1.5'])('refuses the limit %s', async (limit) => {
    await using served = await boot();
    const answer = await list(served, `?limit=${limit}`);
    expect(answer).toMatchObject({ status: 400, errors: [{ pointer: '/limit' }] });
  });
});

describe('the keys of a project', () => {
  it('are listed without their hashes', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const { keyId } = await newKey(served, projectId, ['leads:write', 'leads:write']);
    const answer = await served.app.inject({ url: `/api/projects/${projectId}/keys`, headers: asRoot });
    expect(answer.json().data).toContainEqual({ keyId, name: 'extra', scopes: ['leads:write'] });
    expect(answer.body).not.toContain('hash');
  });

  it('with an Idempotency-Key are issued once', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const ask = () =>
      served.app.inject({
        method: 'POST',
        url: `/api/projects/${projectId}/keys`,
        headers: { ...asRoot, 'idempotency-key': 'k1' },
        payload: { name: 'extra', scopes: ['leads:read'] },
      });
    const first = await ask();
    expect(first.statusCode).toBe(201);
    expect((await ask()).body).toBe(first.body);
    expect(await allFacts(served.store)).toHaveLength(4);
  });

  it('that can not be told again are not told wrongly', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const ask = (app: App, rootKey: string) =>
      app.inject({
        method: 'POST',
        url: `/api/projects/${projectId}/keys`,
        headers: { ...as(rootKey), 'idempotency-key': 'k1' },
        payload: { name: 'extra', scopes: ['leads:read'] },
      });
    await ask(served.app, adminKey);
    const rotated = { ...apiContextOver(served), adminKey: `${adminKey}-rotated` };
    const other = await openServer(rotated, { logLevel: 'silent' });
    expect((await ask(other, rotated.adminKey)).json()).toMatchObject({ status: 422, code: 'idempotency-key-reused' });
    await other.close();
  });

  it('refuse scopes that there are none of', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const payload = { name: 'extra', scopes: ['leads:read', 'everything'] };
    const answer = await served.app.inject({
      method: 'POST',
      url: `/api/projects/${projectId}/keys`,
      headers: asRoot,
      payload,
    });
    expect(answer.json()).toMatchObject({ status: 400, errors: [{ pointer: '/scopes/1' }] });
  });

  it.each([
    [20, 201],
    [21, 400],
  ])('take %i scopes with %i, as often as each is named', async (count, status) => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const payload = { name: 'extra', scopes: Array.from({ length: count }, () => 'leads:read') };
    const url = `/api/projects/${projectId}/keys`;
    const answer = await served.app.inject({ method: 'POST', url, headers: asRoot, payload });
    expect(answer.statusCode).toBe(status);
    if (status === 400) expect(answer.json().errors).toMatchObject([{ pointer: '/scopes' }]);
  });

  it('that are unknown can not be taken back', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const answer = await served.app.inject({
      method: 'DELETE',
      url: `/api/projects/${projectId}/keys/none`,
      headers: asRoot,
    });
    expect(answer.json()).toMatchObject({ status: 404, code: 'key-unknown' });
  });
});
