import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from './chromium.ts';
import { call, loaded, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

describe('a page of another origin with the snippet', () => {
  it('has its page view recorded, with where the visitor was and came from', async () => {
    await using site = await openSite(browser);
    site.put('/pricing', { head: site.tag() });
    const page = await (await site.visitor()).newPage();
    await page.goto(`${site.origin}/pricing?plan=pro&utm_source=news&utm_campaign=spring#top`, {
      referer: 'https://search.example/',
    });
    const [view] = await site.activities(1);
    const { userAgent } = await page.evaluate(() => ({ userAgent: navigator.userAgent }));
    const viewed = {
      path: '/pricing',
      search: '?plan=pro&utm_source=news&utm_campaign=spring',
      title: 'At /pricing',
      url: `${site.origin}/pricing?plan=pro&utm_source=news&utm_campaign=spring`,
    };
    expect(view).toMatchObject({
      eventType: 'page_view',
      source: 'segment',
      properties: viewed,
      context: {
        page: viewed,
        campaign: { source: 'news', name: 'spring' },
        library: { name: 'leadfold.js' },
        locale: 'en-GB',
        userAgent,
      },
    });
    expect(view?.eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(site.complaints).toEqual([]);
  });

  it('has each view of an app in it recorded once, and none for what is no other page', async () => {
    await using site = await openSite(browser);
    site.put('/app', { head: site.tag() });
    const page = await (await site.visitor()).newPage();
    await page.goto(`${site.origin}/app?utm_source=news`);
    await site.activities(1);
    await page.evaluate(() => {
      history.pushState({}, '', '/app/redirect');
      history.replaceState({}, '', '/app/list');
      document.title = 'The list';
    });
    await site.activities(2);
    await page.evaluate(() => {
      history.replaceState({ scrolled: 1 }, '');
      location.hash = '#part';
    });
    await page.evaluate(() => history.pushState({}, '', '/app/one'));
    await site.activities(3);
    await page.goBack();
    await page.goBack();
    await site.activities(4);
    await page.evaluate(() => (location.hash = '#/routed'));
    const views = await site.activities(5);
    expect(views.map(({ properties }) => [properties['path'], properties['title']])).toEqual([
      ['/app', 'At /app'],
      ['/app/list', 'The list'],
      ['/app/one', 'The list'],
      ['/app/list', 'The list'],
      ['/app/list', 'The list'],
    ]);
    expect(views[1]?.context).toMatchObject({
      page: { referrer: `${site.origin}/app?utm_source=news` },
      campaign: { source: 'news' },
    });
    expect(views[4]?.properties['url']).toBe(`${site.origin}/app/list#/routed`);
    expect(site.complaints).toEqual([]);
  });

  it('makes no view by itself where it is told so, but those that it asks for', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag('data-pages="manual"') });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await page.evaluate(() => history.pushState({}, '', '/two'));
    await call(page, 'page', 'Checkout', { step: 2 });
    const views = await site.activities(1);
    expect(views).toHaveLength(1);
    expect(views[0]?.properties).toMatchObject({ name: 'Checkout', step: 2, path: '/two' });
  });

  it('tells who somebody is, and what they do, as one lead, on all pages', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag() });
    site.put('/two', { head: site.tag() });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await call(page, 'identify', 'u-1', { email: 'Ada@Example.com', plan: 'pro' });
    await call(page, 'track', 'Demo Requested', { seats: 5 });
    await site.activities(3);
    await page.goto(`${site.origin}/two`);
    const activities = await site.activities(4);
    expect(activities.map(({ eventType }) => eventType)).toEqual([
      'page_view',
      'identify',
      'demo_requested',
      'page_view',
    ]);
    expect(activities[1]?.traits).toMatchObject({ email: 'Ada@Example.com', plan: 'pro' });
    expect(activities[2]?.properties).toEqual({ seats: 5 });
    const recorded = (await site.app.facts()).filter(({ type }) => type === 'ActivityRecorded');
    expect(new Set(recorded.map(({ stream }) => stream)).size).toBe(1);
  });

  it('takes calls that a page makes before it is there, and again when it is loaded twice', async () => {
    await using site = await openSite(browser);
    const script = `window.leadfold = window.leadfold || []; leadfold.push(['track', 'Early', { n: 1 }]); leadfold.push(['nonsense']); leadfold.push(7);`;
    site.put('/early.js', { script });
    site.put('/', { head: `<script src="/early.js"></script>${site.tag()}${site.tag()}` });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await site.activities(2);
    await loaded(page);
    await call(page, 'track', 'Late');
    await site.activities(3);
    expect(await site.types()).toEqual(['page_view', 'early', 'late']);
    expect(site.complaints).toEqual([]);
  });

  it('is another visitor after a reset, and when somebody else signs in on the same device', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag('data-pages="manual"') });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await call(page, 'identify', 'u-1');
    await call(page, 'identify', 'u-2');
    await call(page, 'reset');
    await call(page, 'track', 'Looked around');
    await site.activities(3);
    const recorded = (await site.app.facts()).filter(({ type }) => type === 'ActivityRecorded');
    expect(new Set(recorded.map(({ stream }) => stream)).size).toBe(3);
  });

  it('lets pages go on that give it what it can not send', async () => {
    await using site = await openSite(browser);
    site.put('/', { head: site.tag('data-pages="manual"') });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await page.evaluate(() => {
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      Reflect.get(window, 'leadfold').track('Round', circle);
      Reflect.get(window, 'leadfold').track('Long', { text: 'x'.repeat(70_000) });
      Reflect.get(window, 'leadfold').track('Good');
    });
    expect((await site.activities(1)).map(({ eventType }) => eventType)).toEqual(['good']);
    expect(site.complaints).toEqual([]);
  });
});
