import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect, it } from 'vitest';
import { password } from '../support/accounts.ts';
import { bearer, mustBe } from '../support/client.ts';
import { mailsTo } from '../support/mails.ts';
import { startServer } from '../support/server-process.ts';

const email = 'ada.lovelace@example.com';

it('Somebody signs up, follows the link in the mail, begins a project and sends its first event; neither the log nor a fact has what the mail says', async () => {
  await using server = await startServer({ env: { SIGN_UP: 'open', LOG_LEVEL: 'trace' } });
  const post = (path: string, body: object, headers = {}) =>
    server.transport({ method: 'POST', path: `/api/auth/${path}`, body, headers });
  mustBe(await post('register', { email, password, name: 'Ada' }), 202);
  const mailed = async () =>
    expect.poll(() => mailsTo(server.dataDir, email)[0]?.token, { timeout: 30_000 }).toBeDefined();
  await mailed();
  const [mail] = mailsTo(server.dataDir, email);
  expect(mail?.page).toBe('verify-email');
  mustBe(await post('verify-email', { token: mail?.token }), 200);
  const { accessToken, refreshToken, person } = mustBe(await post('login', { email, password }), 200).body;
  const me = await server.transport({ method: 'GET', path: '/api/auth/me', headers: bearer(accessToken) });
  expect(mustBe(me, 200).body).toEqual(person);

  const begun = await server.transport({
    method: 'POST',
    path: '/api/projects',
    body: { name: 'The first' },
    headers: bearer(accessToken),
  });
  const { projectId, apiKey } = mustBe(begun, 201).body;
  const project = server.known(projectId, apiKey, Number(begun.headers['leadfold-position']));
  const { leadId } = mustBe(await project.send({ eventType: 'signup', email: 'lead@example.com' }), 202).body;
  const asPerson = { ...bearer(accessToken), 'x-project-id': projectId };
  const read = await server.transport({
    method: 'GET',
    path: `/api/leads/${leadId}`,
    headers: { ...asPerson, 'leadfold-after-position': String(project.position()) },
  });
  expect(mustBe(read, 200).body).toMatchObject({ leadId, score: 30 });

  // Somebody else can check whose the token is, with what is told to everybody.
  const { body: keys } = await server.transport({ method: 'GET', path: '/.well-known/jwks.json' });
  const { payload } = await jwtVerify(accessToken, createLocalJWKSet(keys), { audience: 'leadfold' });
  expect(payload).toMatchObject({ sub: person.personId, sid: expect.any(String) });

  const secrets = [password, email, mail?.token ?? '', accessToken, refreshToken, 'Ada'];
  const { output } = await server.stop();
  expect(output).toContain('where mails go');
  expect(secrets.filter((each) => output.includes(each))).toEqual([]);
});
