import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { appOfFile } from '../../support/app.ts';
import { operationsOf, pathOf } from '../../support/operations.ts';
import { asRoot, boot } from '../support.ts';

const app = appOfFile();

const policy = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "img-src 'self' data:",
  "object-src 'none'",
  "script-src 'self'",
  "script-src-attr 'none'",
  "style-src 'self'",
].join(';');

const unlessPage = {
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
const expected = { ...unlessPage, 'content-security-policy': policy };

describe('What browsers may do with an answer is said', () => {
  it('with each, of every route, whether it is refused or not', async () => {
    const answered = new Set<number>();
    for (const operation of await operationsOf(app())) {
      const path = pathOf(operation, () => 'nothing');
      for (const call of [app().root, app().transport]) {
        const { status, headers } =
          call === app().transport
            ? await app().transport({ method: operation.method, path })
            : await app().root(operation.method, path);
        answered.add(status);
        expect(headers, `${operation.method} ${path}: ${status}`).toMatchObject(expected);
        expect(headers).not.toHaveProperty('strict-transport-security');
      }
    }
    expect([...answered].toSorted()).toEqual(expect.arrayContaining([200, 400, 401, 404]));
  });

  it.each([
    ['a path that is none', 'GET', '/nowhere', 404],
    ['a method that is none of it', 'DELETE', '/livez', 405],
    ['a path that can not be read', 'GET', '/api/leads/%zz', 400],
    ['the page of the API', 'GET', '/docs/', 200],
    ['a preflight', 'OPTIONS', '/api/leads', 204],
    ['the snippet for web pages', 'GET', '/sdk/leadfold.js', 200],
  ] as const)('where there is %s', async (_, method, path, status) => {
    await using booted = await boot();
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'GET' };
    const answer = await booted.app.inject({ method, url: path, ...(method === 'OPTIONS' && { headers }) });
    expect(answer.statusCode).toBe(status);
    const { 'content-security-policy': own, ...others } = answer.headers;
    expect(others).toMatchObject(unlessPage);
    expect(own).toMatch(/default-src '(self|none)';.*frame-ancestors 'none'/);
  });

  it('to what is not even a request', async () => {
    await using booted = await boot();
    const { port } = new URL(await booted.app.listen({ port: 0, host: '127.0.0.1' }));
    const socket = connect(Number(port), '127.0.0.1');
    socket.end('nonsense\r\n\r\n');
    const [answer] = await once(socket, 'data');
    const text = String(answer);
    expect(text).toContain('HTTP/1.1 400 ');
    for (const name of Object.keys(expected)) expect(text.toLowerCase()).toContain(`\r\n${name}: `);
  });

  it('also that TLS is to be used, where there is TLS', async () => {
    const asked = async (https: boolean, headers: Readonly<Record<string, string>> = {}) => {
      await using booted = await boot(undefined, { https, trustProxy: ['10.0.0.0/8'] });
      const answer = await booted.app.inject({ url: '/livez', remoteAddress: '10.0.0.1', headers });
      return answer.headers['strict-transport-security'];
    };
    const year = 'max-age=31536000; includeSubDomains';
    expect(await asked(false)).toBeUndefined();
    expect(await asked(true)).toBe(year);
    expect(await asked(false, { 'x-forwarded-proto': 'https' })).toBe(year);
    await using booted = await boot();
    const headers = { ...asRoot, 'x-forwarded-proto': 'https' };
    expect((await booted.app.inject({ url: '/livez', headers })).headers).not.toHaveProperty(
      'strict-transport-security',
    );
  });
});
