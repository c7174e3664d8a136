import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../support/fault-proxy.ts';
import { openFaultProxy } from '../support/fault-proxy.ts';
import { openChromium } from './chromium.ts';
import { call, loaded, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const manual = 'data-pages="manual"';

/** As in a browser whose requests end with their page. */
const withoutKeepalive = (): void => void Reflect.deleteProperty(Request.prototype, 'keepalive');

/** As in a browser that keeps nothing of the site. */
const withoutStorage = (): void =>
  void Object.defineProperty(window, 'localStorage', {
    get: () => {
      throw new DOMException('No storage here', 'SecurityError');
    },
  });

describe('what a page tells', () => {
  it.each([
    ['a request that outlives it', undefined],
    ['a beacon', withoutKeepalive],
  ])('as it goes away is sent by %s, without a preflight', async (_, init) => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag(manual) });
    site.put('/next', {});
    const page = await (await site.visitor(init)).newPage();
    await page.goto(site.origin);
    await loaded(page);
    // So late that nothing else than its going away sends it.
    await page.evaluate(() => {
      addEventListener('pagehide', () => Reflect.get(window, 'leadfold').track('Left'), { capture: true });
      location.href = '/next';
    });
    await page.waitForURL('**/next');
    expect((await site.activities(1)).map(({ eventType }) => eventType)).toEqual(['left']);
    expect(new Set(site.asked())).toEqual(new Set(['POST /v1/batch']));
  });

  it('is sent together, at most 20 at a time, in its order', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag(manual) });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await page.evaluate(() => {
      for (let n = 0; n < 50; n += 1) Reflect.get(window, 'leadfold').track('Clicked', { n });
    });
    const activities = await site.activities(50);
    expect(activities.map(({ properties }) => properties['n'])).toEqual(Array.from({ length: 50 }, (_each, n) => n));
    expect(site.asked()).toEqual(Array.from({ length: 3 }, () => 'POST /v1/batch'));
  });

  it('is sent in requests that fit into what browsers let outlive a page', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag(manual) });
    const page = await (await site.visitor()).newPage();
    const sizes: number[] = [];
    page.on('request', (request) => sizes.push(request.postDataBuffer()?.length ?? 0));
    await page.goto(site.origin);
    await loaded(page);
    await page.evaluate(() => {
      for (let n = 0; n < 10; n += 1) Reflect.get(window, 'leadfold').track('Wrote', { text: 'ü'.repeat(5_000) });
    });
    await site.activities(10);
    // What the browser says of a request may come after what was sent with it.
    await expect.poll(() => sizes.filter((size) => size > 0)).toHaveLength(5);
    expect(Math.max(...sizes)).toBeLessThan(32_768);
  });

  it('offline waits, over pages and in all tabs, and is recorded once when the network is back', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag(manual) });
    const visitor = await site.visitor();
    const [one, two] = [await visitor.newPage(), await visitor.newPage()];
    for (const page of [one, two]) {
      await page.goto(site.origin);
      await loaded(page);
    }
    await visitor.setOffline(true);
    await call(one, 'track', 'Read', { tab: 1 });
    await call(two, 'track', 'Read', { tab: 2 });
    await call(one, 'flush');
    await one.close();
    expect(await site.types()).toEqual([]);
    await visitor.setOffline(false);
    await call(two, 'track', 'Back');
    await site.activities(3);
    // Nothing is left that a further page could send.
    const three = await visitor.newPage();
    await three.goto(site.origin);
    await loaded(three);
    await call(three, 'track', 'Last');
    const activities = await site.activities(4);
    expect(activities.map(({ eventType, properties }) => [eventType, properties])).toEqual([
      ['read', { tab: 1 }],
      ['read', { tab: 2 }],
      ['back', {}],
      ['last', {}],
    ]);
    const recorded = (await site.app.facts()).filter(({ type }) => type === 'ActivityRecorded');
    expect(new Set(recorded.map(({ stream }) => stream)).size).toBe(1);
    await expect
      .poll(() => three.evaluate(() => Object.keys(localStorage).filter((name) => name.includes('queue'))), {
        timeout: 20_000,
      })
      .toEqual([]);
  });

  it('offline for long is bounded: the oldest goes first', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag(manual) });
    const visitor = await site.visitor();
    const page = await visitor.newPage();
    await page.goto(site.origin);
    await loaded(page);
    await visitor.setOffline(true);
    await page.evaluate(() => {
      for (let n = 0; n < 230; n += 1) Reflect.get(window, 'leadfold').track('Clicked', { n });
    });
    await visitor.setOffline(false);
    const activities = await site.activities(200);
    expect(activities.map(({ properties }) => properties['n'])).toEqual(
      Array.from({ length: 200 }, (_each, n) => 30 + n),
    );
  });

  it.each<[string, readonly Fault[], readonly (number | 'dropped')[]]>([
    ['the server fails', [{ answer: 500 }], [500, 200]],
    ['there is too much at the moment', [{ answer: 429, headers: { 'Access-Control-Allow-Origin': '*' } }], [429, 200]],
    ['the connection breaks when it is recorded', [{ dropAfter: 'answered' }], ['dropped', 200]],
  ])('is sent again where %s, and recorded once', async (_, faults, became) => {
    await using site = await openSite(browser);
    const { port } = new URL(site.server);
    await using proxy = await openFaultProxy(`http://127.0.0.1:${port}`, faults);
    site.put('/', { head: site.tag(`${manual} data-host="${proxy.url}"`) });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await call(page, 'track', 'Bought');
    await expect.poll(proxy.seen, { timeout: 20_000 }).toEqual(became);
    expect(await site.types()).toEqual(['bought']);
  });

  it.each([
    ['the key is not taken', 401],
    ['no such body is taken', 413],
  ])('is not sent again by its page where %s', async (_, answer) => {
    await using site = await openSite(browser);
    const { port } = new URL(site.server);
    const fault = { answer, headers: { 'Access-Control-Allow-Origin': '*' } };
    await using proxy = await openFaultProxy(`http://127.0.0.1:${port}`, [fault]);
    site.put('/', { head: site.tag(`${manual} data-host="${proxy.url}"`) });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    const refused = page.waitForResponse('**/v1/batch');
    await call(page, 'track', 'Bought');
    await (await refused).text();
    await call(page, 'flush');
    await page.evaluate((url) => fetch(`${url}/livez`), proxy.url);
    expect(proxy.seen()).toEqual([answer, 200]);
    const left = await page.evaluate(() => Object.keys(localStorage).filter((name) => name.includes('queue')).length);
    expect(left).toBe(answer === 401 ? 1 : 0);
  });

  it('is recorded where a browser keeps nothing, for as long as the page', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag() });
    const page = await (await site.visitor(withoutStorage)).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await call(page, 'track', 'Clicked');
    await site.activities(2);
    const recorded = (await site.app.facts()).filter(({ type }) => type === 'ActivityRecorded');
    expect(new Set(recorded.map(({ stream }) => stream)).size).toBe(1);
    expect(site.complaints).toEqual([]);
  });
});
