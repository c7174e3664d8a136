import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { accountsOver, password } from '../support/accounts.ts';
import { openTestApp } from '../support/app.ts';
import { bearer, mustBe } from '../support/client.ts';
import { openChromium } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const email = 'ada@example.com';

/** The real app, listening, and a browser that goes there by the links in mails. */
const opened = async () => {
  const app = await openTestApp({ env: { SIGN_UP: 'open' } });
  const url = await app.app().http.listen({ port: 0, host: '127.0.0.1' });
  const context = await browser.newContext({ locale: 'en-GB' });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', ({ message }) => complaints.push(message));
  page.on('console', (message) => {
    // What the browser notes of an answer that is no success.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => requests.push(request.url()));
  onTestFinished(async () => {
    await context.close();
    await app.close();
  });
  const accounts = accountsOver(() => app);
  return {
    app,
    accounts,
    context,
    page,
    complaints,
    requests,
    url,
    go: (name: string, token?: string) =>
      page.goto(`${url}/console/${name}${token === undefined ? '' : `#token=${token}`}`),
    said: async (text: string): Promise<void> => {
      await page.getByRole('status').filter({ hasText: text }).waitFor({ timeout: 10_000 });
    },
  };
};

/** What has no name for whoever can't see it. */
const unnamed = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const named = (element: Element): boolean =>
      (element.textContent ?? '').trim() !== '' ||
      (element.id !== '' && document.querySelector(`label[for="${element.id}"]`) !== null);
    return [...document.querySelectorAll('input, button, a')]
      .filter((each) => !named(each))
      .map((each) => each.outerHTML);
  });

describe('The pages of accounts', () => {
  it('take somebody by the links in their mails from signing up to signing in', async () => {
    const { page, accounts, go, said, complaints, requests, context, url } = await opened();
    await accounts.register(email, { name: 'Ada' });
    const token = await accounts.token(email);
    await go('verify-email', token);
    // Neither in the address bar nor in the history, and nothing happened yet.
    expect([page.url(), (await accounts.post('login', { email, password })).status]).toEqual([
      `${url}/console/verify-email`,
      403,
    ]);
    await page.getByRole('button', { name: 'Verify my address' }).press('Enter');
    await said('Your address is verified. You can sign in now.');

    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password').fill('not the password');
    await page.keyboard.press('Enter');
    await said('There is no account with this address and password');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await said('You are signed in.');
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: 'leadfold-console', httpOnly: true, sameSite: 'Strict' });
    expect(complaints).toEqual([]);
    expect(requests.filter((each) => !each.startsWith(url) && !each.startsWith('data:'))).toEqual([]);
    expect(requests.filter((each) => each.includes(token))).toEqual([]);
  });

  it('let somebody choose another password, and say at the field what is wrong with one', async () => {
    const { app, page, accounts, go, said, complaints } = await opened();
    await accounts.verified(email);
    app.clock.forward(1);
    await go('forgot-password');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByRole('button', { name: 'Send the mail' }).click();
    await said('If there is an account with this address');
    const token = await accounts.token(email);
    await go('reset-password', token);
    const field = page.getByLabel('New password');
    await field.fill('password1');
    await page.keyboard.press('Enter');
    await said('everybody tries first');
    expect([await field.getAttribute('aria-invalid'), await page.evaluate(() => document.activeElement?.id)]).toEqual([
      'true',
      'password',
    ]);
    await field.fill('a better password');
    await page.keyboard.press('Enter');
    await said('Your password is changed');
    await accounts.login(email, 'a better password');
    await go('reset-password', token);
    await field.fill('an even better password');
    await page.keyboard.press('Enter');
    await said('The link was used, is too old, or is not whole');
    expect(complaints).toEqual([]);
  });

  it('let somebody take an invitation, and say at the field what is wrong with a password', async () => {
    const { app, page, accounts, go, said, complaints, requests } = await opened();
    await accounts.verified(email);
    const { accessToken } = await accounts.login(email);
    const as = { headers: bearer(accessToken) };
    const { projectId } = mustBe(
      await app.transport({ method: 'POST', path: '/api/projects', body: { name: 'Acme' }, ...as }),
      201,
    ).body;
    const members = `/api/projects/${projectId}/members`;
    const bob = { email: 'bob@example.com', role: 'analyst' };
    mustBe(await app.transport({ method: 'POST', path: members, body: bob, ...as }), 201);
    const token = await accounts.token(bob.email);
    await go('accept-invitation', token);
    const take = page.getByRole('button', { name: 'Take the invitation' });
    await page.getByLabel('Your name').fill('Bob');
    const field = page.getByLabel('Password for a new account');
    await field.fill('password1');
    await take.click();
    await said('everybody tries first');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await field.fill(password);
    await page.keyboard.press('Enter');
    await said('You belong to the project now. You can sign in.');
    const { data } = mustBe(await app.transport({ method: 'GET', path: members, ...as }), 200).body;
    expect(data).toContainEqual(expect.objectContaining({ ...bob, name: 'Bob', state: 'member' }));
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('E-mail address').fill(bob.email);
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await said('You are signed in.');
    expect(complaints).toEqual([]);
    expect(requests.filter((each) => each.includes(token))).toEqual([]);
  });

  it.each(['verify-email', 'accept-invitation', 'reset-password', 'forgot-password', 'sign-in'])(
    'have names, one heading and a place where news is told, and are walked through by keyboard: %s',
    async (name) => {
      const { page, go, complaints } = await opened();
      await go(name, 'A'.repeat(64));
      expect(await unnamed(page)).toEqual([]);
      expect(await page.locator('h1').count()).toBe(1);
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      expect(await page.getByRole('status').getAttribute('aria-live')).toBe('polite');
      const wanted = await page.locator('input, button, a').evaluateAll((all) => all.map((each) => each.outerHTML));
      const reached: string[] = [];
      for (let each = 0; each < wanted.length; each++) {
        await page.keyboard.press('Tab');
        reached.push((await page.evaluate(() => document.activeElement?.outerHTML)) ?? '');
      }
      expect(reached).toEqual(wanted);
      expect(complaints).toEqual([]);
    },
  );

  it('tell who took an invitation without a password how to get one', async () => {
    const { page, app, accounts, go, said } = await opened();
    const { projectId } = await app.project();
    const path = `/api/projects/${projectId}/members`;
    await app.root('POST', path, { body: { email, role: 'analyst' } });
    await go('accept-invitation', await accounts.token(email));
    await page.getByRole('button', { name: 'Take the invitation' }).click();
    await said('Choose a password next');
    await page.getByRole('link', { name: 'Forgotten password' }).click();
    await page.getByRole('button', { name: 'Send the mail' }).waitFor();
  });

  it('say so when the link was not whole', async () => {
    const { page, go, said } = await opened();
    await go('reset-password');
    await said('the link was not whole');
    expect(await page.getByRole('button').isVisible()).toBe(false);
  });
});
