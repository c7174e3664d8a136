import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { boot } from '../api/support.ts';
import { openChromium } from './chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

it('the page of the API shows and opens its operations under the policy that it is served with', async () => {
  await using booted = await boot();
  const server = await booted.app.listen({ port: 0, host: '127.0.0.1' });
  const page = await browser.newPage();
  page.setDefaultTimeout(100_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', ({ message }) => complaints.push(message));
  await page.goto(`${server}/docs/`);
  await page.locator('.opblock-tag', { hasText: 'Health' }).first().click();
  await page.locator('.opblock-summary', { hasText: '/livez' }).first().click();
  await page.locator('.opblock-body').first().waitFor();
  expect(await page.locator('.opblock-tag').count()).toBeGreaterThan(10);
  expect(complaints).toEqual([]);
  await page.close();
});
