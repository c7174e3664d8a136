import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { readSnippet, withoutComments } from '../../../src/api/sdk/snippet.ts';
import { boot } from '../support.ts';

const path = '/sdk/leadfold.js';
const versioned = `/sdk/leadfold.${readSnippet().version}.js`;

describe('the snippet', () => {
  it('is less than 5 KB, packed as every browser takes it', () => {
    const { gzip, br } = readSnippet();
    expect(gzip.length).toBeLessThan(5_000);
    expect(br.length).toBeLessThan(gzip.length);
  });

  it('is served as it was written, but for its comments', () => {
    const source = readFileSync(join(import.meta.dirname, '../../../src/api/sdk/leadfold.js'), 'utf8');
    const printer = ts.createPrinter({ removeComments: true });
    const printed = (text: string) => printer.printFile(ts.createSourceFile('a.js', text, ts.ScriptTarget.Latest));
    expect(printed(withoutComments(source))).toBe(printed(source));
    expect(withoutComments(source)).not.toMatch(/\/\*\*|^\s*\/\//m);
  });
});

describe('GET /sdk/leadfold.js', () => {
  it('gives the script to pages of any origin, without a key, for an hour', async () => {
    await using served = await boot();
    const answer = await served.app.inject({ url: path, headers: { origin: 'https://shop.example' } });
    expect(answer.statusCode).toBe(200);
    expect(answer.rawPayload).toEqual(readSnippet().plain);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-length': String(readSnippet().plain.length),
      'cache-control': 'public, max-age=3600',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
      vary: 'Accept-Encoding',
    });
  });

  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip;q=1.0, deflate', 'gzip'],
    ['BR;q=0, gzip;q=0.5', 'gzip'],
    ['br;q=0.0, gzip;q=0', undefined],
    ['identity', undefined],
    ['brotli, xgzip', undefined],
  ])('packs it as it is taken: %s', async (accepted, encoding) => {
    await using served = await boot();
    const answer = await served.app.inject({ url: path, headers: { 'accept-encoding': accepted } });
    expect(answer.headers['content-encoding']).toBe(encoding);
    const { rawPayload: bytes } = answer;
    const unpacked = encoding === 'br' ? brotliDecompressSync(bytes) : encoding === 'gzip' ? gunzipSync(bytes) : bytes;
    expect(unpacked).toEqual(readSnippet().plain);
  });

  it('is not sent again to whoever has it', async () => {
    await using served = await boot();
    const { etag = '' } = (await served.app.inject(path)).headers;
    const ask = (tag: string) => served.app.inject({ url: path, headers: { 'if-none-match': tag } });
    for (const tag of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
      const answer = await ask(tag);
      expect(answer.statusCode).toBe(304);
      expect(answer.body).toBe('');
      expect(answer.headers).toMatchObject({ etag, 'cache-control': 'public, max-age=3600', vary: 'Accept-Encoding' });
    }
    expect((await ask('"other"')).statusCode).toBe(200);
  });

  it('is there under its version for ever, which anybody can find out, and under no other', async () => {
    await using served = await boot();
    const { rawPayload } = await served.app.inject(path);
    const version = createHash('sha256').update(rawPayload).digest('hex').slice(0, 16);
    expect(versioned).toBe(`/sdk/leadfold.${version}.js`);
    const answer = await served.app.inject(versioned);
    expect(answer.rawPayload).toEqual(rawPayload);
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    for (const url of ['/sdk/leadfold.0123456789abcdef.js', '/sdk/leadfold..js', `${versioned}/x`, '/sdk/other.js']) {
      const { statusCode, headers } = await served.app.inject(url);
      expect([url, statusCode, headers['cache-control']]).toEqual([url, 404, undefined]);
    }
  });

  it('takes what pages put into the query against caches', async () => {
    await using served = await boot();
    expect((await served.app.inject(`${path}?v=2`)).statusCode).toBe(200);
    expect((await served.app.inject({ method: 'HEAD', url: path })).statusCode).toBe(200);
  });
});
