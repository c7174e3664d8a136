import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from './chromium.ts';
import type { Site } from './site.ts';
import { call, loaded, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const signalled = (name: string, value: unknown) =>
  `Object.defineProperty(Navigator.prototype, '${name}', { get: () => ${JSON.stringify(value)} })`;

/** Does all that could be told, and whatever is sent for it is there: requests of a page to one server come in their order. */
const act = async (page: Page, site: Site): Promise<void> => {
  await call(page, 'page');
  await call(page, 'identify', 'u-1', { email: 'ada@example.com' });
  await call(page, 'track', 'Clicked');
  await page.evaluate(() => history.pushState({}, '', '/other'));
  await page.click('button');
  await call(page, 'flush');
  await page.evaluate((url) => fetch(`${url}/livez`), site.server);
};

const stored = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => [
    ...Object.keys(localStorage),
    ...Object.keys(sessionStorage),
    ...document.cookie.split(';').filter(Boolean),
  ]);

const opened = async (site: Site, attributes: string, init?: string): Promise<Page> => {
  site.put('/own.js', { script: `document.addEventListener('submit', (event) => event.preventDefault());` });
  const form =
    '<form data-leadfold="Asked"><input type="email" name="email" value="ada@example.com"><button>Send</button></form>';
  site.put('/', { head: `<script src="/own.js"></script>${site.tag(attributes)}`, body: form });
  const page = await (await site.visitor(init)).newPage();
  await page.goto(site.origin);
  await loaded(page);
  return page;
};

describe('a browser that asks not to be tracked', () => {
  it.each([
    ['by Global Privacy Control', 'globalPrivacyControl', true],
    ['by Do Not Track', 'doNotTrack', '1'],
  ])('%s tells nothing and keeps nothing, whatever a banner says', async (_, name, value) => {
    await using site = await openSite(browser);
    const page = await opened(site, '', signalled(name, value));
    await act(page, site);
    await call(page, 'consent', true);
    await act(page, site);
    expect(site.asked()).toEqual(['GET /livez', 'GET /livez']);
    expect(await stored(page)).toEqual([]);
    expect(site.complaints).toEqual([]);
  });

  it('loses what was kept of it before', async () => {
    await using site = await openSite(browser);
    const page = await opened(site, '');
    await site.activities(1);
    await page.context().addInitScript(signalled('globalPrivacyControl', true));
    await page.reload();
    await loaded(page);
    expect(await stored(page)).toEqual([]);
  });
});

describe('a page that needs consent', () => {
  const required = 'data-consent="required"';

  it('tells nothing and keeps nothing before it', async () => {
    await using site = await openSite(browser);
    const page = await opened(site, required);
    await act(page, site);
    expect(site.asked()).toEqual(['GET /livez']);
    expect(await stored(page)).toEqual([]);
    await page.goto(`${site.origin}/gone`);
    expect(site.asked()).toEqual(['GET /livez']);
  });

  it('tells with it what happened on the page before, and on further pages', async () => {
    await using site = await openSite(browser);
    const page = await opened(site, required);
    await call(page, 'track', 'Clicked');
    await call(page, 'consent', true);
    await site.activities(2);
    expect(await site.types()).toEqual(['page_view', 'clicked']);
    await page.reload();
    await site.activities(3);
    expect(await site.types()).toEqual(['page_view', 'clicked', 'page_view']);
  });

  it('forgets everything where it is refused or taken back, in all tabs', async () => {
    await using site = await openSite(browser);
    const page = await opened(site, required);
    await call(page, 'consent', false);
    await call(page, 'consent', true);
    await call(page, 'track', 'Clicked');
    await site.activities(1);
    expect(await site.types()).toEqual(['clicked']);
    const other = await page.context().newPage();
    await other.goto(site.origin);
    await site.activities(2);
    await call(page, 'consent', false);
    expect(await stored(page)).toEqual([]);
    const before = site.asked().length;
    await act(page, site);
    await act(other, site);
    expect(site.asked().slice(before)).toEqual(['GET /livez', 'GET /livez']);
    expect(await stored(other)).toEqual([]);
  });
});

describe('a page that does not need consent', () => {
  it('stops when it is refused, on further pages too, and begins again when it is given', async () => {
    await using site = await openSite(browser);
    const page = await opened(site, '');
    await site.activities(1);
    await call(page, 'consent', false);
    expect(await stored(page)).toEqual(['leadfold.consent']);
    await page.reload();
    await loaded(page);
    const before = site.asked().length;
    await act(page, site);
    expect(site.asked().slice(before)).toEqual(['GET /livez']);
    await call(page, 'consent', true);
    await call(page, 'track', 'Welcome');
    await site.activities(2);
    expect(await site.types()).toEqual(['page_view', 'welcome']);
  });
});
