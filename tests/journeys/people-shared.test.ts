import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { password } from '../support/accounts.ts';
import { adminKey } from '../support/app.ts';
import { bearer, mustBe } from '../support/client.ts';
import { mailsTo } from '../support/mails.ts';
import { overHttp, spawnServer } from '../support/server-process.ts';
import { startStandIns } from '../support/stand-in-processes.ts';

const email = 'ada@example.com';

/** How long what one process ended may go on in another, in ms, and a machine that is busy may be late. */
const [promised, late] = [2_000, 1_000];

it('What is changed in one process holds in the other within two seconds, and mails are sent by the worker', async () => {
  const standIns = await startStandIns();
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-people-'));
  const env = { ...standIns.env, SIGN_UP: 'open', LEADFOLD_ADMIN_KEY: adminKey, PUBLIC_URL: 'http://127.0.0.1:4000' };
  const servers: ReturnType<typeof spawnServer>[] = [];
  // One after the other: all at once are more than two cores start in time.
  const started = async (name: string, role: string) => {
    const server = spawnServer({ ...env, LEADFOLD_ROLE: role, DATA_DIR: join(folder, name) });
    servers.push(server);
    const url = await server.listening;
    return overHttp(() => url);
  };
  try {
    const [one, other] = [await started('one', 'api'), await started('other', 'api')];
    await started('worker', 'worker');
    const post = (at: typeof one, path: string, body: object, headers = {}) =>
      at({ method: 'POST', path: `/api/auth/${path}`, body, headers });
    const me = async (at: typeof one, token: string) =>
      (await at({ method: 'GET', path: '/api/auth/me', headers: bearer(token) })).status;

    mustBe(await post(one, 'register', { email, password }), 202);
    const mails = () => mailsTo(join(folder, 'worker'), email);
    await expect.poll(() => mails().length, { timeout: 60_000 }).toBe(1);
    mustBe(await post(other, 'verify-email', { token: mails()[0]?.token }), 200);
    const here = mustBe(await post(one, 'login', { email, password }), 200).body;
    const there = mustBe(await post(other, 'login', { email, password }), 200).body;
    for (const at of [one, other])
      for (const { accessToken } of [here, there]) expect(await me(at, accessToken)).toBe(200);

    const change = { currentPassword: password, newPassword: 'a better password' };
    mustBe(await post(one, 'change-password', change, bearer(here.accessToken)), 200);
    const changed = performance.now();
    expect(await me(one, there.accessToken)).toBe(401);
    await expect.poll(() => me(other, there.accessToken), { interval: 50, timeout: 30_000 }).toBe(401);
    expect(performance.now() - changed).toBeLessThan(promised + late);
    expect([await me(one, here.accessToken), await me(other, here.accessToken)]).toEqual([200, 200]);

    // One refresh token at both at once: one of them has it, and the session ends.
    const tries = Array.from({ length: 8 }, (_, index) =>
      post(index % 2 === 0 ? one : other, 'refresh', { refreshToken: here.refreshToken }),
    );
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 7 }, () => 401)]);
    for (const at of [one, other])
      await expect.poll(() => me(at, here.accessToken), { interval: 50, timeout: 30_000 }).toBe(401);
  } finally {
    for (const { child } of servers) child.kill('SIGKILL');
    await Promise.all(servers.map(({ ended }) => ended));
    await standIns.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
