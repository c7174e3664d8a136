import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Activity } from '../../src/domain/lead/activity.ts';
import type { Ingesting } from '../api/ingest/given.ts';
import { ingesting } from '../api/ingest/given.ts';

/** What a page has in its head besides its title, and in its body. */
export type Html = { readonly head?: string; readonly body?: string };

export type Site = {
  readonly app: Ingesting;
  /** Where the server is, for a browser: at another origin than the pages. */
  readonly server: string;
  /** Where the pages are. */
  readonly origin: string;
  /** The tag of the snippet, with these attributes too. */
  readonly tag: (attributes?: string) => string;
  /** Puts pages and scripts at their paths. */
  readonly put: (path: string, what: Html | { readonly script: string }) => void;
  /** A visitor with a browser of their own. */
  readonly visitor: (init?: string | (() => void)) => Promise<BrowserContext>;
  /** What was asked of the server so far, as `POST /v1/batch`, but for the snippet itself. */
  readonly asked: () => readonly string[];
  /** Of each activity that was recorded so far its type, in order. */
  readonly types: () => Promise<readonly string[]>;
  /** Waits for so many activities, and gives them. */
  readonly activities: (count: number) => Promise<readonly Activity[]>;
  /** What browsers complained about: refused by a policy, or thrown. */
  readonly complaints: readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** The real server, and a site of another origin whose pages load nothing but what its strict policy names. */
export const openSite = async (browser: Browser): Promise<Site> => {
  const app = await ingesting();
  const asked: string[] = [];
  app.app.server.on('request', ({ method, url = '' }) => {
    if (!url.startsWith('/sdk/')) asked.push(`${method} ${url}`);
  });
  const server = (await app.app.listen({ port: 0, host: '127.0.0.1' })).replace('127.0.0.1', 'leads.example');
  const policy = `default-src 'none'; img-src data:; script-src 'self' ${server}; connect-src ${server} http://127.0.0.1:*; require-trusted-types-for 'script'`;
  const files = new Map<string, { readonly type: string; readonly text: string }>();
  const pages = createServer(({ url = '/' }, response) => {
    const file = files.get(new URL(url, 'http://x').pathname);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': file.type, 'Content-Security-Policy': policy }).end(file.text);
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const origin = `http://shop.example:${(pages.address() as AddressInfo).port}`;
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];
  const watch = (page: Page): void => {
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
  };
  return {
    app,
    server,
    origin,
    tag: (attributes = '') =>
      `<script async src="${server}/sdk/leadfold.js" data-key="${app.key}" ${attributes}></script>`,
    put: (path, what) => {
      if ('script' in what) return void files.set(path, { type: 'text/javascript', text: what.script });
      const { head = '', body = '' } = what;
      const icon = '<link rel="icon" href="data:,">';
      const text = `<!doctype html><html lang="en"><title>At ${path}</title>${icon}${head}<body>${body}</body></html>`;
      files.set(path, { type: 'text/html; charset=utf-8', text });
    },
    visitor: async (init) => {
      const context = await browser.newContext({ locale: 'en-GB' });
      if (init) await context.addInitScript(init);
      context.on('page', watch);
      contexts.push(context);
      return context;
    },
    asked: () => [...asked],
    types: async () => (await app.activities()).map(({ eventType }) => eventType),
    activities: async (count) => {
      await expect.poll(async () => (await app.activities()).length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
      return app.activities();
    },
    complaints,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(contexts.map((context) => context.close()));
      pages.closeAllConnections();
      await new Promise((resolve) => pages.close(resolve));
      await app[Symbol.asyncDispose]();
    },
  };
};

/** Makes a call of the snippet in a page, as its scripts would. */
export const call = (page: Page, name: string, ...given: readonly unknown[]): Promise<void> =>
  page.evaluate(([list]) => void Reflect.get(window, 'leadfold').push(list), [[name, ...given]] as const);

/** Waits until the snippet is there. */
export const loaded = async (page: Page): Promise<void> =>
  void (await page.waitForFunction(() => 'track' in Object(Reflect.get(window, 'leadfold'))));
