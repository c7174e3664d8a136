import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { accountsOver, password } from '../../support/accounts.ts';
import { openTestApp } from '../../support/app.ts';
import { bearer, mustBe } from '../../support/client.ts';
import { boot } from '../support.ts';

const opened = async (env: Readonly<Record<string, string>> = {}) => {
  const app = await openTestApp({ env: { SIGN_UP: 'open', ...env } });
  return Object.assign(app, { accounts: accountsOver(() => app) });
};

const [hour, day] = [3_600_000, 24 * 3_600_000];

describe('An account', () => {
  it('begins with a mail, whose link verifies its address, and signs in', async () => {
    await using app = await opened();
    const { register, mails, token, post, login, me } = app.accounts;
    const answer = await register(' Ada@Example.com ', { name: 'Ada' });
    expect([
      answer.body,
      await post('login', { email: 'ada@example.com', password }).then(({ status, body }) => [status, body.code]),
    ]).toEqual([{ status: 'accepted' }, [403, 'email-not-verified']]);
    expect((await post('login', { email: 'ada@example.com', password: 'another one' })).body.code).toBe(
      'credentials-invalid',
    );
    const [mail] = await mails('ada@example.com');
    expect(mail).toMatchObject({ page: 'verify-email', mode: 0o600 });
    expect(mail?.text).toContain(`http://127.0.0.1:4000/console/verify-email#token=${await token('ada@example.com')}`);

    const body = { token: await token('ada@example.com') };
    for (const _ of ['once', 'and again'])
      expect(mustBe(await post('verify-email', body), 200).body).toEqual({ status: 'verified', passwordSet: true });
    const { accessToken, expiresIn, refreshToken, person } = await login('ada@example.com');
    expect({ expiresIn, person }).toEqual({
      expiresIn: 900,
      person: { personId: expect.any(String), email: 'ada@example.com', name: 'Ada', verified: true },
    });
    expect(mustBe(await me(accessToken), 200).body).toEqual(person);

    const refreshed = mustBe(await post('refresh', { refreshToken }), 200).body;
    expect(mustBe(await me(refreshed.accessToken), 200).body).toEqual(person);
    expect(await post('logout', {}, bearer(refreshed.accessToken))).toMatchObject({ status: 204 });
    for (const each of [accessToken, refreshed.accessToken]) expect((await me(each)).status).toBe(401);
    expect((await post('refresh', { refreshToken: refreshed.refreshToken })).body.code).toBe('session-revoked');
  });

  it('is verified by no token that is older than a day, or not whole', async () => {
    await using app = await opened();
    const { register, token, post } = app.accounts;
    await register('ada@example.com');
    const good = await token('ada@example.com');
    for (const bad of [
      `${good}A`,
      good.slice(1),
      good.slice(0, -1),
      'A'.repeat(64),
      `${good.slice(0, -2)}${good.endsWith('AA') ? 'BB' : 'AA'}`,
    ])
      expect((await post('verify-email', { token: bad })).body).toMatchObject({ status: 400, code: 'token-invalid' });
    app.clock.forward(day);
    expect((await post('verify-email', { token: good })).body).toMatchObject({ status: 400, code: 'token-invalid' });
  });

  it('lets no password in that did not come with the link that was opened', async () => {
    await using app = await opened();
    const { register, token, post, login } = app.accounts;
    await register('ada@example.com', { password: 'the password of somebody else' });
    const theirs = await token('ada@example.com');
    app.clock.forward(1);
    await register('ada@example.com');
    const own = await token('ada@example.com');
    expect(own).not.toBe(theirs);
    mustBe(await post('verify-email', { token: own }), 200);
    expect((await post('verify-email', { token: theirs })).body.code).toBe('token-invalid');
    expect((await post('login', { email: 'ada@example.com', password: 'the password of somebody else' })).status).toBe(
      401,
    );
    await login('ada@example.com');
  });

  it('has no password where the link of another mail was opened than that of the registration', async () => {
    await using app = await opened();
    const { register, token, post, login } = app.accounts;
    await register('ada@example.com', { password: 'the password of somebody else' });
    app.clock.forward(1);
    mustBe(await post('resend-verification', { email: 'ada@example.com' }), 202);
    expect(mustBe(await post('verify-email', { token: await token('ada@example.com') }), 200).body.passwordSet).toBe(
      false,
    );
    expect((await post('login', { email: 'ada@example.com', password: 'the password of somebody else' })).status).toBe(
      401,
    );
    app.clock.forward(1);
    mustBe(await post('forgot-password', { email: 'ada@example.com' }), 202);
    mustBe(await post('reset-password', { token: await token('ada@example.com'), password }), 200);
    await login('ada@example.com');
  });

  it('has its password chosen anew by a mail, once and within an hour, which ends all sessions', async () => {
    await using app = await opened();
    const { verified, token, post, login, me, mails } = app.accounts;
    await verified('ada@example.com');
    const before = await login('ada@example.com');
    app.clock.forward(1);
    mustBe(await post('forgot-password', { email: 'ada@example.com' }), 202);
    const first = await token('ada@example.com');
    app.clock.forward(hour);
    expect((await post('reset-password', { token: first, password: 'a better password' })).body.code).toBe(
      'token-invalid',
    );
    mustBe(await post('forgot-password', { email: 'ada@example.com' }), 202);
    const second = await token('ada@example.com');
    expect((await post('reset-password', { token: second, password: 'short' })).body.errors[0].pointer).toBe(
      '/password',
    );
    mustBe(await post('reset-password', { token: second, password: 'a better password' }), 200);
    expect((await post('reset-password', { token: second, password: 'an even better one' })).body.code).toBe(
      'token-invalid',
    );
    expect((await me(before.accessToken)).status).toBe(401);
    expect((await post('refresh', { refreshToken: before.refreshToken })).body.code).toBe('session-revoked');
    expect((await post('login', { email: 'ada@example.com', password })).status).toBe(401);
    await login('ada@example.com', 'a better password');
    expect((await mails('ada@example.com')).at(-1)?.headers['subject']).toBe('Your password for Leadfold was changed');
  });

  it('has its password changed by who knows it, and the session goes on in which that was done', async () => {
    await using app = await opened();
    const { verified, post, login, me } = app.accounts;
    await verified('ada@example.com');
    const [here, there] = [await login('ada@example.com'), await login('ada@example.com')];
    const change = (currentPassword: string, newPassword: string) =>
      post('change-password', { currentPassword, newPassword }, bearer(here.accessToken));
    expect((await change('not the password', 'a better password')).body.code).toBe('credentials-invalid');
    expect((await change(password, 'password1')).body.errors[0].pointer).toBe('/newPassword');
    mustBe(await change(password, 'a better password'), 200);
    expect([(await me(here.accessToken)).status, (await me(there.accessToken)).status]).toEqual([200, 401]);
    expect((await post('login', { email: 'ada@example.com', password })).status).toBe(401);
    await login('ada@example.com', 'a better password');
  });

  it('can sign out everywhere', async () => {
    await using app = await opened();
    const { verified, post, login, me } = app.accounts;
    await verified('ada@example.com');
    const [here, there] = [await login('ada@example.com'), await login('ada@example.com')];
    mustBe(await post('logout-all', {}, bearer(here.accessToken)), 204);
    expect([(await me(here.accessToken)).status, (await me(there.accessToken)).status]).toEqual([401, 401]);
    await login('ada@example.com');
  });

  it('is had by nobody who is not invited, unless everybody may register', async () => {
    await using app = await opened({ SIGN_UP: 'invited' });
    const { post, mails } = app.accounts;
    const answer = await post('register', { email: 'ada@example.com', password });
    expect(answer.body).toMatchObject({ status: 403, code: 'sign-up-closed' });
    expect(await mails('ada@example.com')).toEqual([]);
  });

  it.each(['1234567', 'password', 'PASSWORD1', 'x'.repeat(257)])('has no password like %s', async (bad) => {
    await using app = await opened();
    const answer = await app.accounts.post('register', { email: 'ada@example.com', password: bad });
    expect(answer.body).toMatchObject({ status: 400, errors: [{ pointer: '/password' }] });
  });
});

describe('The console', () => {
  const cookieOf = ({ headers }: { readonly headers: Readonly<Record<string, string>> }) => headers['set-cookie'] ?? '';

  it('is opened with an account, by a cookie that no page can read, and closed', async () => {
    await using app = await opened();
    const { verified, post, me } = app.accounts;
    await verified('ada@example.com');
    const answer = mustBe(await post('console', { email: 'ada@example.com', password }), 200);
    expect(cookieOf(answer)).toMatch(
      /^leadfold-console=lfc_[\w-]{64}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/,
    );
    const cookie = cookieOf(answer).split(';')[0] ?? '';
    const seen = () => app.transport({ method: 'GET', path: '/api/auth/me', headers: { cookie } });
    expect(mustBe(await seen(), 200).body).toEqual(answer.body.person);
    expect((await me(cookie.slice('leadfold-console='.length))).status).toBe(200);
    // A page of another origin can send the cookie, but not the header.
    expect((await post('logout', {}, { cookie })).body.code).toBe('unauthorized');
    const close = (headers: Readonly<Record<string, string>>) =>
      app.transport({ method: 'DELETE', path: '/api/auth/console', headers });
    expect((await close({ cookie })).status).toBe(401);
    expect(cookieOf(mustBe(await close({ cookie, 'x-leadfold-console': '1' }), 204))).toMatch(
      /^leadfold-console=; Max-Age=0;/,
    );
    expect((await seen()).status).toBe(401);
    mustBe(await close({}), 204);
  });

  it('has a cookie for secure connections only where it is not on this machine, in whose place no other host can put one', async () => {
    await using app = await opened({ PUBLIC_URL: 'https://leads.example.com' });
    await app.accounts.verified('ada@example.com');
    const set = cookieOf(await app.accounts.post('console', { email: 'ada@example.com', password }));
    expect(set).toMatch(/^__Host-leadfold-console=lfc_[\w-]{64}; .*; Secure$/);
    const cookie = set.split(';')[0] ?? '';
    const seen = async (sent: string) =>
      (await app.transport({ method: 'GET', path: '/api/auth/me', headers: { cookie: sent } })).status;
    expect(await seen(cookie)).toBe(200);
    // Whoever may set cookies for the whole domain may call theirs anything but that.
    expect(await seen(cookie.replace('__Host-', ''))).toBe(401);
    expect(await seen(`leadfold-console=another; ${cookie}`)).toBe(200);
  });

  it('has one too where a proxy that is believed says that the browser came by TLS', async () => {
    await using app = await opened({ TRUST_PROXY: '1' });
    await app.accounts.verified('ada@example.com');
    const body = { email: 'ada@example.com', password };
    const by = async (proto: string) =>
      cookieOf(
        await app.accounts.post('console', body, { 'x-forwarded-proto': proto, 'x-forwarded-for': '192.0.2.1' }),
      );
    expect(await by('https')).toMatch(/^__Host-.*; Secure$/);
    expect(await by('http')).toMatch(/SameSite=Strict$/);
  });

  it('is opened with a key, which is told to nobody', async () => {
    await using app = await opened();
    const { apiKey } = await app.project();
    const answer = mustBe(await app.accounts.post('console', { key: apiKey }), 200);
    expect([answer.body, answer.text.includes(apiKey), cookieOf(answer).includes(apiKey)]).toEqual([{}, false, false]);
    const other = await app.accounts.post('console', {
      key: `${apiKey.slice(0, -1)}${apiKey.endsWith('a') ? 'b' : 'a'}`,
    });
    expect(other.body.code).toBe('credentials-invalid');
  });
});

it('Who tries too many passwords has to wait, whether there is such an account or not', async () => {
  await using app = await opened();
  const { verified, post, login } = app.accounts;
  await verified('ada@example.com');
  const { accessToken } = await login('ada@example.com');
  for (const email of ['ada@example.com', 'nobody@example.com']) {
    const answers = [];
    for (let tries = 0; tries < 6; tries++)
      answers.push((await post('login', { email, password: 'a wrong one' })).status);
    expect(answers).toEqual([401, 401, 401, 401, 401, 429]);
  }
  expect((await post('login', { email: 'ada@example.com', password })).body.code).toBe('rate-limited');
  const changing = { currentPassword: 'a wrong one', newPassword: 'a better password' };
  expect((await post('change-password', changing, bearer(accessToken))).status).toBe(429);
  app.clock.forward(hour);
  await login('ada@example.com');
});

it('A page leads to itself without a slash behind it, where its script and style are', async () => {
  await using booted = await boot();
  for (const url of ['/console/sign-in/', '/console/sign-in/?a=b/']) {
    const { statusCode, headers } = await booted.app.inject({ url });
    expect([statusCode, headers.location]).toEqual([308, '../sign-in']);
  }
  expect((await booted.app.inject({ url: '/console/sign-in//' })).headers.location).toBe('../../sign-in');
  expect((await booted.app.inject({ url: `/console/sign-in${'/'.repeat(9)}` })).statusCode).toBe(404);
  const { statusCode, headers } = await booted.app.inject({ url: '/console/sign-in?a=b/' });
  expect([statusCode, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
});

it('Nothing stays in the vault of mails that are not sent, as there were as many as may be', async () => {
  await using app = await opened();
  const { register, post, mails } = app.accounts;
  const kept = () => {
    const vault = new DatabaseSync(join(app.dataDir, 'vault.db'), { readOnly: true });
    const names = vault
      .prepare("SELECT name FROM boxes WHERE name LIKE '%/mail/%' OR name LIKE '%/password/%' ORDER BY name")
      .all();
    vault.close();
    return names.map(({ name }) => name);
  };
  await register('ada@example.com');
  for (let asked = 0; asked < 2; asked++) await post('forgot-password', { email: 'ada@example.com' });
  expect(await mails('ada@example.com')).toHaveLength(3);
  const before = kept();
  await register('ada@example.com');
  await register('ada@example.com');
  expect(await mails('ada@example.com')).toHaveLength(3);
  await app.settled();
  expect([kept(), before.length]).toEqual([before, 1]);
});
