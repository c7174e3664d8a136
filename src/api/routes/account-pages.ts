import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Routes } from '../http/app.ts';
import { Problem } from '../http/problems.ts';
import { accountPage, accountPages } from '../pages/account-pages.ts';

const config = { public: true } as const;
const schema = { hide: true } as const;

/** What a page may load and do: its own script and style, and to ask this server. */
const policy = [
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:",
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
].join('; ');

const headers = {
  'Content-Security-Policy': policy,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
} as const;

/** Behind how many slashes a page leads to itself: where it leads to is named by each of them. */
const mostSlashes = 8;

/** How many slashes are at the end of a path, counted from there: what is before them may be as long as a request. */
const slashesBehind = (url: string): number => {
  const [path = ''] = url.split('?', 1);
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.length - end;
};

/** The pages that mails link to, and the one to sign in: plain, and all there is without the console. */
export const accountsInBrowser: Routes = (app) => {
  for (const [name, page] of Object.entries(accountPages)) {
    const html = accountPage(name, page);
    app.get(`/console/${name}`, { config, schema }, ({ url }, reply) => {
      reply.headers(headers);
      // Its script, its style and its links are beside it.
      const slashes = slashesBehind(url);
      if (slashes > mostSlashes)
        throw new Problem('not-found', 'There is no such page; leave out the slashes behind it');
      if (slashes > 0) return reply.redirect(`${'../'.repeat(slashes)}${name}`, 308);
      return reply.header('Content-Type', 'text/html; charset=utf-8').send(html);
    });
  }
  for (const [file, type] of [
    ['accounts.js', 'text/javascript; charset=utf-8'],
    ['accounts.css', 'text/css; charset=utf-8'],
  ] as const) {
    // Read for the first who asks, and not at each start.
    const read: { text?: string } = {};
    app.get(`/console/${file}`, { config, schema }, (_, reply) => {
      read.text ??= readFileSync(join(import.meta.dirname, '..', 'pages', file), 'utf8');
      return reply.headers(headers).header('Content-Type', type).send(read.text);
    });
  }
};
