import { describe, expect, it } from 'vitest';
import { changeMemberRole } from '../../../src/commands/projects/change-member-role.ts';
import { removeMember } from '../../../src/commands/projects/remove-member.ts';
import type { ApiContext } from '../../../src/api/http/context.ts';
import { openServer } from '../../../src/api/http/server.ts';
import { request } from '../../support/engine.ts';
import { memberOf, personOf } from '../../support/members.ts';
import { adminKey, apiContextOver, as, boot, newKey, newProject } from '../support.ts';

type Headers = Readonly<Record<string, string>>;

/** A server, and another process over the same stores whose clock a test moves. Their people have one vault. */
const opened = async () => {
  const now = { ms: 0 };
  const apis: ApiContext[] = [];
  const served = await boot((api) => {
    apis.push(api);
    return {};
  });
  const [api] = apis;
  if (!api) throw new Error('The server is opened with a context');
  const other = { ...apiContextOver(served), people: api.people, monotonic: () => now.ms };
  const elsewhere = await openServer(other, { logLevel: 'silent' });
  const { projectId } = await newProject(served);
  const ask = async (url: string, headers: Headers, method: 'GET' | 'POST' | 'PUT' = 'GET', payload?: object) => {
    const answer = await served.app.inject({ method, url, headers, ...(payload && { payload }) });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body === '' ? undefined : answer.json() };
  };
  const close = async (): Promise<void> => {
    await elsewhere.close();
    await served[Symbol.asyncDispose]();
  };
  return { ...served, api, now, elsewhere, projectId, ask, [Symbol.asyncDispose]: close };
};

const rules = (projectId: string): string => `/api/projects/${projectId}/routing-rules`;

describe('A session', () => {
  it('names its project by path, by header or by query, and not two of them', async () => {
    await using served = await opened();
    const { api, projectId, ask } = served;
    const person = await memberOf(api, { projectId, email: 'ada@example.com', role: 'analyst' });
    const headers = await person.signIn();
    const mine = { ...headers, 'x-project-id': projectId };
    expect((await ask(rules(projectId), headers)).status).toBe(200);
    expect((await ask('/api/leads', mine)).status).toBe(200);
    expect((await ask(`/api/leads?projectId=${projectId}`, headers)).status).toBe(200);
    expect((await ask(`/api/leads?limit=1&projectId=${projectId}`, mine)).status).toBe(200);
    expect((await ask('/api/leads', headers)).body).toMatchObject({ status: 400, code: 'project-missing' });
    expect((await ask('/api/leads?projectId=A%20b', headers)).body).toMatchObject({ code: 'invalid-request' });
    for (const url of [`/api/leads?projectId=another`, rules('another'), `${rules(projectId)}?projectId=another`])
      expect((await ask(url, mine)).body).toMatchObject({ status: 400, code: 'project-contradiction' });
  });

  it('is no way for keys to name a project in the query', async () => {
    await using served = await opened();
    const { projectId, ask } = served;
    const { key } = await newKey(served, projectId, ['leads:read']);
    expect((await ask(`/api/leads?projectId=${projectId}`, as(key))).body.code).toBe('invalid-request');
  });

  it('lets a member do what their role may, and says what is missing', async () => {
    await using served = await opened();
    const { api, projectId, ask } = served;
    const person = await memberOf(api, { projectId, email: 'ada@example.com', role: 'analyst' });
    const answer = await ask(rules(projectId), await person.signIn(), 'PUT', {});
    expect(answer.body).toMatchObject({ status: 403, code: 'permission-missing' });
    expect(answer.body.detail).toContain('config:write');
    expect(answer.body.detail).toContain('analyst');
    const root = await ask('/api/admin/projections/rebuild', await person.signIn(), 'POST', {});
    expect(root.body).toMatchObject({ status: 403, code: 'permission-missing' });
    expect(root.body.detail).toContain('root key');
  });

  it('is who facts remember, apart from keys and from others with the same Idempotency-Key', async () => {
    await using served = await opened();
    const { api, projectId, ask, store } = served;
    const [ada, bob] = [
      await memberOf(api, { projectId, email: 'ada@example.com', role: 'admin' }),
      await memberOf(api, { projectId, email: 'bob@example.com', role: 'admin' }),
    ];
    const { key } = await newKey(served, projectId, ['admin']);
    const wanted = { name: 'Same', scopes: ['leads:read'] };
    const url = `/api/projects/${projectId}/keys`;
    const told: string[] = [];
    for (const headers of [await ada.signIn(), await ada.signIn(), await bob.signIn(), as(key), as(adminKey)])
      told.push((await ask(url, { ...headers, 'idempotency-key': 'one' }, 'POST', wanted)).body.key);
    // The same person again, by another session, is the same caller.
    expect(new Set(told).size).toBe(4);
    expect(told[0]).toBe(told[1]);
    const { events } = await store.read(`project-${projectId}`, -1, 100);
    const actors = events.filter(({ type }) => type === 'KeyIssued').map(({ metadata }) => metadata.actor);
    expect(actors.slice(-4)).toEqual([
      `person:${ada.personId}`,
      `person:${bob.personId}`,
      `key:${key.split('_')[2]}`,
      'root',
    ]);
  });

  it.each([
    ['of no form', as('a.b.c')],
    ['that is too long', as(`${'a'.repeat(2_000)}.b.${'c'.repeat(2_000)}`)],
    ['of a cookie that nobody has', { cookie: 'leadfold-console=lfc_nothing' }],
    ['of an empty cookie', { cookie: 'leadfold-console=' }],
  ])('%s opens nothing', async (_, headers) => {
    await using served = await opened();
    const { projectId, ask } = served;
    const answer = await ask(rules(projectId), headers);
    expect(answer.body).toMatchObject({ status: 401, code: 'unauthorized' });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });
});

describe('The cookie of the console', () => {
  it('reads, and writes with the header that only the console sends', async () => {
    await using served = await opened();
    const { api, projectId, ask } = served;
    const person = await memberOf(api, { projectId, email: 'ada@example.com', role: 'admin' });
    const cookie = `other=1; leadfold-console=${await person.openConsole()}; more=2`;
    expect((await ask(rules(projectId), { cookie })).status).toBe(200);
    const team = { teamId: 'one', name: 'One' };
    const teams = `/api/projects/${projectId}/teams`;
    expect((await ask(teams, { cookie }, 'POST', team)).body).toMatchObject({ status: 401, code: 'unauthorized' });
    expect((await ask(teams, { cookie, 'x-leadfold-console': '1' }, 'POST', team)).status).toBe(201);
  });

  it('is not looked at where events come in, as pages of any origin may send theirs there', async () => {
    await using served = await opened();
    const { api, projectId, ask } = served;
    const person = await memberOf(api, { projectId, email: 'ada@example.com', role: 'admin' });
    const headers = { 'x-leadfold-console': '1', 'x-project-id': projectId };
    const event = { eventType: 'page_view', userId: 'u' };
    const cookie = { ...headers, cookie: `leadfold-console=${await person.openConsole()}` };
    expect((await ask('/api/events/ingest', cookie, 'POST', event)).status).toBe(401);
    const token = { ...headers, ...(await person.signIn()) };
    expect((await ask('/api/events/ingest', token, 'POST', event)).status).toBe(202);
  });

  it('stands for the key that it was opened with, and for no more, until the key is revoked', async () => {
    await using served = await opened();
    const { api, projectId, ask, app } = served;
    const { key, keyId } = await newKey(served, projectId, ['leads:read']);
    const cookie = `leadfold-console=${await api.people.startConsole({ key }, { correlationId: 'c', actor: 'root' })}`;
    const headers = { cookie, 'x-leadfold-console': '1' };
    expect((await ask(`/api/leads?projectId=${projectId}`, headers)).status).toBe(200);
    expect((await ask(rules(projectId), headers, 'PUT', {})).body.code).toBe('scope-missing');
    expect((await ask('/api/auth/me', headers)).body.code).toBe('scope-missing');
    const url = `/api/projects/${projectId}/keys/${keyId}`;
    await app.inject({ method: 'DELETE', url, headers: as(adminKey) });
    expect((await ask('/api/leads', headers)).status).toBe(401);
  });

  it('gives way to what a header says', async () => {
    await using served = await opened();
    const { api, projectId, ask } = served;
    const person = await memberOf(api, { projectId, email: 'ada@example.com', role: 'admin' });
    const cookie = `leadfold-console=${await person.openConsole()}`;
    expect((await ask(rules(projectId), { cookie, ...as('nonsense') })).status).toBe(401);
  });
});

describe('What a member may do', () => {
  const asked = async () => {
    const served = await opened();
    const { api, projectId, elsewhere } = served;
    await memberOf(api, { projectId, email: 'first@example.com', role: 'admin' });
    const person = await memberOf(api, { projectId, email: 'ada@example.com', role: 'admin' });
    const headers = await person.signIn();
    const statusThere = async (url: string) => (await elsewhere.inject({ url, headers })).statusCode;
    const keys = `/api/projects/${projectId}/keys`;
    expect([await statusThere(keys), await statusThere(rules(projectId))]).toEqual([200, 200]);
    return { ...served, person, keys, statusThere };
  };

  it('is less within 2 s in every process after they were given a lesser role', async () => {
    await using served = await asked();
    const { api, projectId, person, keys, now, statusThere } = served;
    const input = { projectId, personId: person.personId, role: 'analyst' as const };
    await api.engine.handle(changeMemberRole, input, request('demote'));
    now.ms += 2_000;
    expect([await statusThere(keys), await statusThere(rules(projectId))]).toEqual([403, 200]);
  });

  it('is nothing within 2 s in every process after they were removed, and at once in the process that did it', async () => {
    await using served = await asked();
    const { api, projectId, person, keys, now, statusThere, ask } = served;
    await api.engine.handle(removeMember, { projectId, personId: person.personId }, request('remove'));
    expect((await ask(keys, await person.signIn())).status).toBe(404);
    now.ms += 2_000;
    expect([await statusThere(keys), await statusThere(rules(projectId))]).toEqual([404, 404]);
  });

  it('is known within 2 s in every process after they came', async () => {
    await using served = await asked();
    const { api, projectId, elsewhere, now } = served;
    const guest = await personOf(api, 'new@example.com');
    const headers = await guest.signIn();
    const statusThere = async () => (await elsewhere.inject({ url: rules(projectId), headers })).statusCode;
    expect(await statusThere()).toBe(404);
    await memberOf(api, { projectId, email: 'new@example.com', role: 'analyst' });
    now.ms += 2_000;
    expect(await statusThere()).toBe(200);
  });

  it('is known at once in a process where nobody asked for them lately', async () => {
    await using served = await asked();
    const { api, projectId, elsewhere } = served;
    const newcomer = await memberOf(api, { projectId, email: 'new@example.com', role: 'analyst' });
    const headers = await newcomer.signIn();
    expect((await elsewhere.inject({ url: rules(projectId), headers })).statusCode).toBe(200);
  });

  it('of two admins who remove each other at the same time, one stays and may do everything', async () => {
    await using served = await opened();
    const { api, projectId, app, store } = served;
    const all = await Promise.all(
      ['ada@example.com', 'bob@example.com'].map((email) => memberOf(api, { projectId, email, role: 'admin' })),
    );
    const [ada, bob] = [all[0]!, all[1]!];
    const remove = async (who: typeof ada, whom: typeof ada) => {
      const url = `/api/projects/${projectId}/members/${whom.personId}`;
      return (await app.inject({ method: 'DELETE', url, headers: await who.signIn() })).statusCode;
    };
    const statuses = await Promise.all([remove(ada, bob), remove(bob, ada)]);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    const { events } = await store.read(`project-${projectId}`, -1, 100);
    expect(events.filter(({ type }) => type === 'MemberRemoved')).toHaveLength(1);
  });
});
