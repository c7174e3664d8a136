import { describe, expect, it } from 'vitest';
import { password } from '../support/accounts.ts';
import { mustBe } from '../support/client.ts';
import { withFounders } from '../support/founders.ts';

const day = 86_400_000;

describe('An invitation', () => {
  it('is mailed, and makes a member with a password of who had no account', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const token = await app.invited(ada, 'bob@example.com', 'analyst');
    const until = new Date(app.clock.now().getTime() + 7 * day).toISOString();
    const [, open] = mustBe(await app.ask('GET', ada.members, ada.token), 200).body.data.toSorted(
      (a: { state: string }, b: { state: string }) => (a.state < b.state ? 1 : -1),
    );
    expect(open).toEqual({
      personId: open.personId,
      email: 'bob@example.com',
      role: 'analyst',
      state: 'invited',
      since: app.clock.now().toISOString(),
      until,
    });
    const joined = mustBe(await app.accept(token, { password, name: 'Bob' }), 200).body;
    expect(joined).toEqual({
      projectId: ada.projectId,
      personId: open.personId,
      role: 'analyst',
      passwordSet: true,
    });
    const { accessToken } = await app.accounts.login('bob@example.com');
    const leads = await app.ask('GET', `/api/leads?projectId=${ada.projectId}`, accessToken);
    expect(leads.status).toBe(200);
    const told = (await app.ask('GET', ada.members, ada.token)).body.data;
    expect(told).toContainEqual(expect.objectContaining({ email: 'bob@example.com', name: 'Bob', state: 'member' }));
    // The same again changes nothing, and facts of the project name nobody.
    expect(mustBe(await app.accept(token, {}), 200).body).toEqual(joined);
    const events = await app.app().engine.states.read(`project-${ada.projectId}`, -1, 100);
    expect(events.filter(({ type }) => type === 'MemberAdded')).toHaveLength(2);
    expect(JSON.stringify(events)).not.toMatch(/bob@|Bob/);
  });

  it('tells whoever invites nothing of whether there is an account', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    await app.accounts.verified('known@example.com', { name: 'Known' });
    app.clock.forward(day);
    const { accessToken } = await app.accounts.login(ada.email);
    const answers = [];
    for (const email of ['known@example.com', 'unknown@example.com']) {
      const { status, body } = await app.ask('POST', ada.members, accessToken, { email, role: 'analyst' });
      // Of an id that is made of time it could be seen that it is older than the invitation.
      expect(body.personId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
      answers.push({ status, ...body, personId: '', email: '' });
    }
    expect(answers[0]).toEqual(answers[1]);
    const told = (await app.ask('GET', ada.members, accessToken)).body.data;
    // Another process knows neither until it could know both.
    await app.restart();
    const elsewhere = async (): Promise<readonly unknown[]> =>
      (await app.ask('GET', ada.members, accessToken)).body.data
        .filter((each: { readonly state: string }) => each.state === 'invited')
        .map(({ email }: { readonly email?: string }) => email);
    expect(await elsewhere()).toEqual([undefined, undefined]);
    app.clock.forward(2_000);
    expect(new Set(await elsewhere())).toEqual(new Set(['known@example.com', 'unknown@example.com']));
    const invitations = told.filter((each: { readonly state: string }) => each.state === 'invited');
    expect(invitations.map((each: object) => Object.keys(each).toSorted())).toEqual(
      Array.from({ length: 2 }, () => ['email', 'personId', 'role', 'since', 'state', 'until']),
    );
  });

  it('does not let in the password of who registered the address and never verified it', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const theirs = 'the password of an attacker';
    await app.accounts.register('bob@example.com', { password: theirs });
    const registration = await app.accounts.token('bob@example.com');
    app.clock.forward(1);
    const token = await app.invited(ada, 'bob@example.com', 'admin');
    mustBe(await app.accept(token), 200);
    expect((await app.accounts.post('login', { email: 'bob@example.com', password: theirs })).status).toBe(401);
    expect((await app.accounts.post('verify-email', { token: registration })).body.code).toBe('token-invalid');
    expect((await app.accounts.post('login', { email: 'bob@example.com', password: theirs })).status).toBe(401);
    await app.accounts.login('bob@example.com');
  });

  it('that is taken without a password says that there is none yet', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const token = await app.invited(ada, 'bob@example.com', 'analyst');
    expect(mustBe(await app.accept(token, {}), 200).body).toMatchObject({ passwordSet: false });
    app.clock.forward(1);
    mustBe(await app.accounts.post('forgot-password', { email: 'bob@example.com' }), 202);
    const reset = { token: await app.accounts.token('bob@example.com'), password };
    mustBe(await app.accounts.post('reset-password', reset), 200);
    await app.accounts.login('bob@example.com');
    expect(mustBe(await app.accept(token, {}), 200).body).toMatchObject({ passwordSet: true });
  });

  it('that was begun to be taken when the process died is taken by the same token', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const token = await app.invited(ada, 'bob@example.com', 'operator');
    await app.app().people.acceptInvitation({ token, password }, { correlationId: 'died', actor: 'test' });
    expect(mustBe(await app.accept(token, {}), 200).body.role).toBe('operator');
    const { accessToken } = await app.accounts.login('bob@example.com');
    expect((await app.ask('GET', `/api/leads?projectId=${ada.projectId}`, accessToken)).status).toBe(200);
  });

  it('says when there is no password yet, and another mail sets one', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const token = await app.invited(ada, 'bob@example.com', 'operator');
    expect(mustBe(await app.accept(token, {}), 200).body).toMatchObject({ role: 'operator', passwordSet: false });
    expect((await app.accounts.post('login', { email: 'bob@example.com', password })).status).toBe(401);
    mustBe(await app.accounts.post('forgot-password', { email: 'bob@example.com' }), 202);
    const reset = await app.accounts.token('bob@example.com');
    mustBe(await app.accounts.post('reset-password', { token: reset, password }), 200);
    await app.accounts.login('bob@example.com');
  });

  it('leaves who has an account the password that they have', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    await app.accounts.verified('bob@example.com');
    app.clock.forward(1);
    const token = await app.invited(ada, 'bob@example.com', 'operator');
    mustBe(await app.accept(token, { password: 'another one of whoever it is' }), 200);
    await app.accounts.login('bob@example.com');
  });

  it('proves nothing when it was withdrawn, is over, or the member was removed since', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const token = await app.invited(ada, 'bob@example.com', 'analyst');
    const [{ personId }] = mustBe(await app.ask('GET', ada.members, ada.token), 200).body.data.filter(
      ({ state }: { readonly state: string }) => state === 'invited',
    );
    mustBe(await app.ask('DELETE', `${ada.members}/${personId}`, ada.token), 204);
    expect((await app.accept(token)).body).toMatchObject({ status: 400, code: 'token-invalid' });
    // Not even that the address is theirs.
    expect((await app.accounts.post('login', { email: 'bob@example.com', password })).body.code).toBe(
      'credentials-invalid',
    );

    const late = await app.invited(ada, 'cyd@example.com', 'analyst');
    const used = await app.invited(ada, 'dan@example.com', 'analyst');
    const dan = mustBe(await app.accept(used), 200).body;
    mustBe(await app.ask('DELETE', `${ada.members}/${dan.personId}`, ada.token), 204);
    expect((await app.accept(used)).body.code).toBe('token-invalid');
    app.clock.forward(7 * day);
    expect((await app.accept(late)).body.code).toBe('token-invalid');
  });

  it('with the same Idempotency-Key is one, and is answered as before', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    const headers = { 'idempotency-key': 'bob' };
    const invite = (role: string) =>
      app.ask('POST', ada.members, ada.token, { email: 'bob@example.com', role }, headers);
    const [one, again] = [mustBe(await invite('analyst'), 201).body, mustBe(await invite('analyst'), 201).body];
    expect(again).toEqual(one);
    expect((await invite('admin')).body.code).toBe('idempotency-key-reused');
    const events = await app.app().engine.states.read(`project-${ada.projectId}`, -1, 100);
    expect(events.filter(({ type }) => type === 'InvitationMade')).toHaveLength(1);
    expect(await app.accounts.mails('bob@example.com')).toHaveLength(1);
    mustBe(await app.accept(await app.accounts.token('bob@example.com')), 200);
    expect(mustBe(await invite('analyst'), 201).body).toMatchObject({ personId: one.personId, state: 'member' });
  });

  it('is for an address and a role that there are', async () => {
    await using app = await withFounders();
    const ada = await app.founder();
    for (const body of [
      { email: 'nobody', role: 'analyst' },
      { email: 'bob@example.com', role: 'owner' },
      { email: 'bob@example.com' },
      { email: 'bob@example.com\r\nBcc: x@example.com', role: 'analyst' },
    ])
      expect((await app.ask('POST', ada.members, ada.token, body)).body).toMatchObject({ code: 'invalid-request' });
    const self = await app.ask('POST', ada.members, ada.token, { email: ada.email, role: 'analyst' });
    expect(self.body).toMatchObject({ status: 409, code: 'member-exists' });
  });
});
