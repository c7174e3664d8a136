import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChromium } from './chromium.ts';
import { loaded, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

describe('a form that is marked', () => {
  it('is told with its fields as the page goes away, and whose address is in it', async () => {
    await using site = await openSite(browser);
    const body = `<form id="contact" action="/thanks" data-leadfold="Demo Requested">
      <input type="email" name="mail" value=" ada@example.com ">
      <input name="company" value="Example Ltd"><input name="empty">
      <select name="seats"><option>1<option selected>50</select>
      <select name="topics" multiple><option selected>price<option>help<option selected>other</select>
      <input type="checkbox" name="news" value="weekly" checked><input type="checkbox" name="news" value="daily">
      <input type="radio" name="size" value="s"><input type="radio" name="size" value="l" checked>
      <textarea name="message">Call me</textarea><input type="tel" name="toString" value="0123 456789">
      <button>Send</button></form>`;
    site.put('/', { head: site.tag('data-pages="manual"'), body });
    site.put('/thanks', {});
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await page.click('button');
    await page.waitForURL('**/thanks**');
    const activities = await site.activities(2);
    expect(activities.map(({ eventType }) => eventType)).toEqual(['identify', 'demo_requested']);
    expect(activities[0]?.traits).toEqual({ email: 'ada@example.com' });
    expect(activities[1]?.properties).toEqual({
      form: 'contact',
      company: 'Example Ltd',
      seats: '50',
      topics: ['price', 'other'],
      news: 'weekly',
      size: 'l',
      message: 'Call me',
      toString: '0123 456789',
    });
    const recorded = (await site.app.facts()).filter(({ type }) => type === 'ActivityRecorded');
    expect(new Set(recorded.map(({ stream }) => stream)).size).toBe(1);
  });

  it('keeps to itself what is secret, hidden, a card or not to be read', async () => {
    await using site = await openSite(browser);
    const secret = [
      '<input type="password" name="a" value="secret">',
      '<input name="userPassword" value="secret">',
      '<input name="b" autocomplete="section-1 current-password" value="secret">',
      '<input name="c" autocomplete="one-time-code" value="secret">',
      '<input type="hidden" name="token" value="secret">',
      '<input type="file" name="d">',
      '<input name="e" autocomplete="billing cc-name" value="secret">',
      '<input name="f" autocomplete="CC-CSC" value="secret">',
      '<input name="cvc" value="123">',
      '<input name="g" value="4111 1111 1111 1111">',
      '<input name="h" value="4111-1111-1111-1111">',
      '<input value="secret"><input name="i" value="secret" disabled>',
      '<input name="j" value="secret" data-leadfold-ignore>',
      '<div data-leadfold-ignore><input type="email" name="friend" value="friend@example.com"></div>',
      '<button name="k" value="secret">Send</button>',
    ];
    const body = `<form action="/thanks" data-leadfold>${secret.join('')}<input name="plan" value="pro"></form>`;
    site.put('/', { head: site.tag('data-pages="manual"'), body });
    site.put('/thanks', {});
    const page = await (await site.visitor()).newPage();
    const bodies: string[] = [];
    page.on('request', (request) => bodies.push(request.postData() ?? ''));
    await page.goto(site.origin);
    await loaded(page);
    await page.click('button');
    const activities = await site.activities(1);
    expect(activities.map(({ eventType, properties }) => [eventType, properties])).toEqual([
      ['form_submit', { plan: 'pro' }],
    ]);
    expect(bodies.join()).not.toMatch(/secret|4111|friend/);
  });

  it('is told where a script sends it, and one that is not marked is not', async () => {
    await using site = await openSite(browser);
    const form = (attributes: string) => `<form ${attributes}><input name="q" value="1"><button>Send</button></form>`;
    const script = `document.addEventListener('submit', (event) => event.preventDefault());`;
    site.put('/own.js', { script });
    const head = `<script src="/own.js"></script>${site.tag('data-pages="manual"')}`;
    site.put('/', { head, body: form('id="search"') + form('name="ask" data-leadfold="Asked"') });
    const page = await (await site.visitor()).newPage();
    await page.goto(site.origin);
    await loaded(page);
    await page.click('#search button');
    await page.click('[data-leadfold] button');
    expect((await site.activities(1)).map(({ eventType, properties }) => [eventType, properties])).toEqual([
      ['asked', { form: 'ask', q: '1' }],
    ]);
    expect(site.complaints).toEqual([]);
  });
});
