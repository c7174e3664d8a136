import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSnippet } from '../../src/api/sdk/snippet.ts';
import { openChromium } from './chromium.ts';
import { loaded, openSite } from './site.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs/how-to/track-a-website.md'), 'utf8');

/** The examples of the how-to in a language, in order, with `server` and `key` in the place of its own. */
const examples = (language: string, server = '', key = ''): readonly string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'))].map(([, text = '']) =>
    text.replaceAll('https://leads.example.com', server).replaceAll('WRITE_KEY', key),
  );

it('the examples of the how-to work in a page with the policy that it names', async () => {
  await using site = await openSite(browser);
  const [tag = '', form = ''] = examples('html', site.server, site.app.key);
  const [script = ''] = examples('js');
  const [policy = ''] = examples('text', site.server);
  site.put('/calls.js', { script });
  const own = policy.trim().replace(/^Content-Security-Policy: script-src/, "script-src 'self'");
  const meta = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; ${own}">`;
  site.put('/', { head: `${meta}${tag}<script src="/calls.js"></script>`, body: form });
  site.put('/thanks', {});
  const opened = await (await site.visitor()).newPage();
  await opened.goto(site.origin);
  await loaded(opened);
  await opened.fill('[name=email]', 'ada@example.com');
  await opened.fill('[name=company]', 'Example Ltd');
  await opened.fill('[name=notes]', 'do not tell');
  await opened.click('button');
  const activities = await site.activities(6);
  expect(
    activities.map(({ eventType, properties }) => [eventType, properties['name'] ?? properties['company']]),
  ).toEqual([
    ['page_view', undefined],
    ['identify', undefined],
    ['demo_requested', undefined],
    ['page_view', 'Checkout'],
    ['identify', undefined],
    ['demo_requested', 'Example Ltd'],
  ]);
  expect(JSON.stringify(activities)).not.toContain('do not tell');
  expect(site.complaints).toEqual([]);
});

it('a page can pin a version, which the browser checks', async () => {
  await using site = await openSite(browser);
  const { plain, version } = readSnippet();
  const integrity = `sha384-${createHash('sha384').update(plain).digest('base64')}`;
  const src = `${site.server}/sdk/leadfold.${version}.js`;
  const tag = `<script async src="${src}" integrity="${integrity}" crossorigin data-key="${site.app.key}"></script>`;
  site.put('/', { head: tag });
  await (await (await site.visitor()).newPage()).goto(site.origin);
  expect((await site.activities(1)).map(({ eventType }) => eventType)).toEqual(['page_view']);
  expect(site.complaints).toEqual([]);
});
