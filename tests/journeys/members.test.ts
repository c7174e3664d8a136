import { describe, expect, it } from 'vitest';
import { bearer, mustBe } from '../support/client.ts';
import { withFounders } from '../support/founders.ts';

describe('A verified person', () => {
  it('begins a project, is its admin, and sees which are theirs', async () => {
    await using app = await withFounders();
    const { ask } = app;
    const ada = await app.founder();
    const other = await app.signUp('eve@example.com');
    await app.settled();
    const listed = mustBe(await ask('GET', '/api/projects', ada.token), 200).body;
    const project = { projectId: ada.projectId, name: 'Acme', createdAt: app.clock.now().toISOString() };
    expect(listed.data).toEqual([{ ...project, role: 'admin' }]);
    expect((await ask('GET', '/api/projects', other.token)).body.data).toEqual([]);
    expect((await ask('GET', ada.members, ada.token)).body.data).toEqual([
      { personId: ada.personId, email: ada.email, role: 'admin', state: 'member', since: project.createdAt },
    ]);
    expect((await ask('GET', ada.members, other.token)).body.code).toBe('project-unknown');
    // The facts that begin it are one append.
    const { engine } = app.app();
    const events = await engine.states.read(`project-${ada.projectId}`, -1, 10);
    expect(events.slice(0, 2).map(({ type, metadata }) => [type, metadata.commandId])).toEqual([
      ['ProjectCreated', events[0]?.metadata.commandId],
      ['MemberAdded', events[0]?.metadata.commandId],
    ]);
  });

  it('is told the same again who asks with the same Idempotency-Key, and nobody else is', async () => {
    await using app = await withFounders();
    const [ada, bob] = [await app.signUp('ada@example.com'), await app.signUp('bob@example.com')];
    const begin = async ({ token }: { readonly token: string }) =>
      mustBe(await app.ask('POST', '/api/projects', token, { name: 'Acme' }, { 'idempotency-key': 'first' }), 201).body;
    const [one, again, others] = [await begin(ada), await begin(ada), await begin(bob)];
    expect(again).toEqual(one);
    expect(others.projectId).not.toBe(one.projectId);
  });

  it('goes by page through the projects of which they are a member', async () => {
    await using app = await withFounders();
    const ada = await app.signUp('ada@example.com');
    for (const name of ['One', 'Two', 'Three']) {
      mustBe(await app.ask('POST', '/api/projects', ada.token, { name }), 201);
      app.clock.forward(1_000);
    }
    await app.settled();
    const first = mustBe(await app.ask('GET', '/api/projects?limit=2', ada.token), 200).body;
    const rest = mustBe(await app.ask('GET', `/api/projects?limit=2&cursor=${first.nextCursor}`, ada.token), 200).body;
    const names = [...first.data, ...rest.data].map((each: { readonly name: string }) => each.name);
    expect([names, rest.nextCursor]).toEqual([['One', 'Two', 'Three'], null]);
    const bob = await app.signUp('bob@example.com');
    expect((await app.ask('GET', `/api/projects?cursor=${first.nextCursor}`, bob.token)).body.code).toBe(
      'invalid-cursor',
    );
  });
});

describe('Nobody', () => {
  it('gets more than an admin gave them: a manager makes no admin, and a key no more than it is', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    mustBe(await app.accept(await app.invited(ada, 'max@example.com', 'manager')), 200);
    const { accessToken: max, person } = await app.accounts.login('max@example.com');
    const path = `/api/projects/${ada.projectId}`;
    const attempts: readonly (readonly [string, string, unknown?])[] = [
      ['POST', ada.members, { email: 'friend@example.com', role: 'admin' }],
      ['POST', ada.members, { email: 'friend@example.com', role: 'analyst' }],
      ['PATCH', `${ada.members}/${person.personId}`, { role: 'admin' }],
      ['DELETE', `${ada.members}/${ada.personId}`],
      ['GET', ada.members],
      ['POST', `${path}/keys`, { name: 'more', scopes: ['admin'] }],
      ['POST', `${path}/keys`, { name: 'more', scopes: ['leads:read'] }],
    ];
    const { key: admin, keyId } = mustBe(
      await app.ask('POST', `${path}/keys`, ada.token, { name: 'all', scopes: ['admin'] }),
      201,
    ).body;
    const { key: config } = mustBe(
      await app.ask('POST', `${path}/keys`, admin, { name: 'config', scopes: ['config:write'] }),
      201,
    ).body;
    for (const [method, url, body] of [...attempts, ['POST', `${path}/keys/${keyId}/rotate`, {}] as const]) {
      expect([url, (await app.ask(method, url, max, body)).body?.code]).toEqual([url, 'permission-missing']);
      expect([url, (await app.ask(method, url, config, body)).body?.code]).toEqual([url, 'scope-missing']);
    }
    // What an admin may, a key with the scope `admin` may as well.
    expect((await app.ask('POST', `${path}/keys/${keyId}/rotate`, admin, {})).status).toBe(200);
    expect((await app.ask('PATCH', `${ada.members}/${person.personId}`, admin, { role: 'admin' })).status).toBe(200);
  });

  it('leaves a project without an admin', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const self = `${ada.members}/${ada.personId}`;
    expect((await app.ask('DELETE', self, ada.token)).body).toMatchObject({ status: 409, code: 'last-admin' });
    expect((await app.ask('PATCH', self, ada.token, { role: 'manager' })).body.code).toBe('last-admin');
    const joined = mustBe(await app.accept(await app.invited(ada, 'bob@example.com', 'admin')), 200).body;
    const { body } = await app.ask('PATCH', self, ada.token, { role: 'auditor' });
    expect(body).toMatchObject({ personId: ada.personId, role: 'auditor', state: 'member' });
    expect((await app.ask('DELETE', `${ada.members}/${joined.personId}`, ada.token)).body.code).toBe(
      'permission-missing',
    );
    expect((await app.ask('PATCH', `${ada.members}/nobody`, ada.token, { role: 'admin' })).status).toBe(403);
    const { accessToken } = await app.accounts.login('bob@example.com');
    expect((await app.ask('PATCH', `${ada.members}/nobody`, accessToken, { role: 'admin' })).body.code).toBe(
      'person-unknown',
    );
    mustBe(await app.ask('DELETE', self, accessToken), 204);
    expect((await app.ask('GET', ada.members, ada.token)).body.code).toBe('project-unknown');
    await app.settled();
    expect((await app.ask('GET', '/api/projects', ada.token)).body.data).toEqual([]);
  });
});

describe('What is read for long', () => {
  it('ends for who is removed: an answer that waits for the feed is the one that they would have now', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const { personId } = mustBe(await app.accept(await app.invited(ada, 'bob@example.com', 'analyst')), 200).body;
    const { accessToken } = await app.accounts.login('bob@example.com');
    await app.settled();
    const next = (await app.ask('GET', `/api/feed?projectId=${ada.projectId}`, accessToken)).body.next;
    const waiting = app.ask('GET', `/api/feed?projectId=${ada.projectId}&after=${next}&wait=30`, accessToken);
    // By the time that others of the same were answered, it waits.
    for (let asked = 0; asked < 5; asked++) await app.ask('GET', `/api/feed?projectId=${ada.projectId}`, accessToken);
    mustBe(await app.ask('DELETE', `${ada.members}/${personId}`, ada.token), 204);
    const event = { eventType: 'page_view', userId: 'u' };
    const sent = { method: 'POST', path: '/api/events/ingest', headers: bearer(ada.apiKey), body: event };
    mustBe(await app.transport(sent), 202);
    expect((await waiting).body).toMatchObject({ status: 404, code: 'project-unknown' });
  });
});
