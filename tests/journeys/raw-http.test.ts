import { connect } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { adminKey, appOfFile } from '../support/app.ts';

const app = appOfFile();
const listening = { port: 0 };
beforeAll(async () => {
  const { http } = app().app();
  const { port } = new URL(await http.listen({ port: 0, host: '127.0.0.1' }));
  // What is not said to its end, and what nothing more comes of, is soon over here.
  Object.assign(http.server, { requestTimeout: 2_000, headersTimeout: 2_000, keepAliveTimeout: 200 });
  listening.port = Number(port);
});

/** How long a connection may go on when nothing more is said, in ms. */
const patience = 30_000;

/** Says something, and nothing more; the statuses of what is answered until the server ends the connection. */
const answersTo = (said: string | Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(listening.port, '127.0.0.1', () => socket.write(said));
    const timer = setTimeout(() => reject(new Error(`The connection is open after ${patience} ms`)), patience);
    let heard = '';
    socket.on('data', (part) => (heard += part.toString('latin1')));
    // Being cut off is an answer too.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(timer);
      resolve((heard.match(/HTTP\/1\.1 (?!100)\d{3}/g) ?? []).map((line) => line.slice(9)).join(' '));
    });
  });

const host = 'Host: a\r\n';
const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
const post = (headers: string, body: string, path = '/api/projects'): string =>
  `POST ${path} HTTP/1.1\r\n${host}Authorization: Bearer ${adminKey}\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;
const body = '{"name":"Raw"}';
const length = `Content-Length: ${body.length}\r\n`;
const chunked = 'Transfer-Encoding: chunked\r\n';
const chunk = `${body.length.toString(16)}\r\n${body}\r\n`;
const hidden = get('/livez');

const [refused, taken, either] = [/^(4\d\d ?)*$/, /^20[01]$/, /^(20[01]|4\d\d)?$/];
/** None of them gets something by that another request hides in its body. */
const tricks: readonly (readonly [string, string, RegExp])[] = [
  ['a length and chunks', post(length + chunked, `0\r\n\r\n${hidden}`), refused],
  ['chunks and a length', post(chunked + length, `0\r\n\r\n${hidden}`), refused],
  ['two lengths', post(`${length}Content-Length: 3\r\n`, body), refused],
  ['the same length twice', post(length + length, body), either],
  ['a list of lengths', post(`Content-Length: ${body.length}, ${body.length}\r\n`, body), refused],
  ['a length with a sign', post(`Content-Length: +${body.length}\r\n`, body), refused],
  ['a negative length', post('Content-Length: -1\r\n', body), refused],
  ['a length in hex', post('Content-Length: 0xe\r\n', body), refused],
  ['a length with a fraction', post('Content-Length: 14.0\r\n', body), refused],
  ['a length of spaces', post('Content-Length:   \r\n', body), refused],
  ['a length beyond all numbers', post(`Content-Length: ${'9'.repeat(30)}\r\n`, body), refused],
  ['a length that is too short', post('Content-Length: 5\r\n', body), refused],
  ['a length that is too long', post('Content-Length: 50\r\n', body), refused],
  ['no length', post('', body), refused],
  ['chunks', post(chunked, `${chunk}0\r\n\r\n`), taken],
  ['chunks that end early', post(chunked, chunk), refused],
  ['a chunk without a size', post(chunked, `\r\n${body}\r\n0\r\n\r\n`), refused],
  ['a chunk with a size that is none', post(chunked, `zz\r\n${body}\r\n0\r\n\r\n`), refused],
  ['a chunk with a negative size', post(chunked, `-1\r\n${body}\r\n0\r\n\r\n`), refused],
  ['a chunk with a huge size', post(chunked, `ffffffffffffffff\r\n${body}\r\n0\r\n\r\n`), refused],
  ['a chunk with a size beyond all', post(chunked, `${'f'.repeat(40)}\r\n${body}\r\n0\r\n\r\n`), refused],
  ['a chunk that is longer than it says', post(chunked, `5\r\n${body}\r\n0\r\n\r\n`), refused],
  ['a chunk with an extension', post(chunked, `${body.length.toString(16)};a=b\r\n${body}\r\n0\r\n\r\n`), either],
  ['a chunk with a huge extension', post(chunked, `e;${'a'.repeat(100_000)}\r\n${body}\r\n0\r\n\r\n`), refused],
  ['an extension with a line break', post(chunked, `e;a\nb\r\n${body}\r\n0\r\n\r\n`), refused],
  ['trailers', post(chunked, `${chunk}0\r\nX-A: b\r\n\r\n`), either],
  ['trailers that name a length', post(chunked, `${chunk}0\r\nContent-Length: 5\r\n\r\n`), either],
  ['huge trailers', post(chunked, `${chunk}0\r\nX-A: ${'b'.repeat(100_000)}\r\n\r\n`), refused],
  ['chunked twice', post('Transfer-Encoding: chunked, chunked\r\n', `${chunk}0\r\n\r\n`), either],
  ['chunked and then not', post('Transfer-Encoding: chunked, identity\r\n', `${chunk}0\r\n\r\n`), refused],
  ['another transfer encoding', post('Transfer-Encoding: gzip\r\n', body), refused],
  ['a transfer encoding in disguise', post('Transfer-Encoding: xchunked\r\n', `${chunk}0\r\n\r\n`), refused],
  ['a transfer encoding after a tab', post('Transfer-Encoding:\tchunked\r\n', `${chunk}0\r\n\r\n`), either],
  ['a space before the colon', post(`Transfer-Encoding : chunked\r\n${length}`, body), refused],
  ['a folded header', post(`X-A: b\r\n c\r\n${length}`, body), either],
  ['a folded transfer encoding', post(`Transfer-Encoding:\r\n chunked\r\n${length}`, `0\r\n\r\n${hidden}`), refused],
  ['a header that begins with a space', `GET /livez HTTP/1.1\r\n X: a\r\n${host}\r\n`, refused],
  ['a header without a colon', get('/livez', 'Nonsense\r\n'), refused],
  ['a header without a name', get('/livez', ': a\r\n'), refused],
  ['a null byte in a header', get('/livez', 'X-A: a\0b\r\n'), refused],
  ['a bare line feed between headers', `GET /livez HTTP/1.1\nHost: a\n\n`, either],
  ['a bare carriage return in a header', get('/livez', 'X-A: a\rX-B: c\r\n'), refused],
  ['a huge header', get('/livez', `X-A: ${'a'.repeat(200_000)}\r\n`), refused],
  ['thousands of headers', get('/livez', 'X-A: a\r\n'.repeat(20_000)), refused],
  ['no host', 'GET /livez HTTP/1.1\r\n\r\n', refused],
  ['two hosts', get('/livez', 'Host: b\r\n'), either],
  ['a host that is none', `GET /livez HTTP/1.1\r\nHost: a b@c/..\r\n\r\n`, either],
  ['a method that there is not', `BREW /livez HTTP/1.1\r\n${host}\r\n`, refused],
  ['a method in small letters', `get /livez HTTP/1.1\r\n${host}\r\n`, refused],
  ['TRACE', `TRACE /livez HTTP/1.1\r\n${host}\r\n`, refused],
  ['CONNECT', `CONNECT a:80 HTTP/1.1\r\n${host}\r\n`, refused],
  ['a whole address in the place of the path', get('http://elsewhere/livez'), either],
  ['no path', `GET  HTTP/1.1\r\n${host}\r\n`, refused],
  ['a path that does not begin with a slash', get('livez'), refused],
  ['a star', `OPTIONS * HTTP/1.1\r\n${host}\r\n`, /^(20\d|4\d\d)?$/],
  ['dots in the path', get('/api/../../../etc/passwd'), refused],
  ['packed dots in the path', get('/docs/static/%2e%2e%2f%2e%2e%2fpackage.json'), refused],
  ['a null byte in the path', get('/livez%00'), refused],
  ['a raw null byte in the path', get('/livez\0'), refused],
  ['bytes beyond ASCII in the path', get('/live\u00ff'), refused],
  ['a huge path', get(`/${'a'.repeat(100_000)}`), refused],
  ['a huge query', get(`/livez?${'a'.repeat(100_000)}`), refused],
  ['HTTP/0.9', 'GET /livez\r\n', refused],
  ['HTTP/1.0', 'GET /livez HTTP/1.0\r\n\r\n', either],
  ['HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, refused],
  ['HTTP/9.9', `GET /livez HTTP/9.9\r\n${host}\r\n`, refused],
  [
    'an upgrade to HTTP/2',
    get('/livez', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n'),
    either,
  ],
  ['an upgrade to a WebSocket', get('/livez', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'), either],
  ['an expectation', post(`Expect: 100-continue\r\n${length}`, body), taken],
  ['another expectation', post(`Expect: the-moon\r\n${length}`, body), refused],
  ['requests in a row', hidden.repeat(20), /^(200 ?){20}$/],
  ['a request in the body of a GET', get('/livez', `Content-Length: ${hidden.length}\r\n`) + hidden, taken],
  ['nothing but line breaks', '\r\n'.repeat(1_000), refused],
  ['TLS', '\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003', refused],
  ['a range', get('/openapi.json', 'Range: bytes=0-0,1-1,2-2\r\n'), /^20\d$/],
  ['a connection header that names others', get('/livez', 'Connection: close, Host, Authorization\r\n'), taken],
];

/** How many connections are tried at a time. */
const atOnce = 10;

it('What is said over a connection is refused or understood, and hides no other request', async () => {
  const wrongs: string[] = [];
  const tryIt = async ([name, said, expected]: (typeof tricks)[number]): Promise<void> => {
    const answered = await answersTo(Buffer.from(said, 'latin1'));
    if (!expected.test(answered)) wrongs.push(`${name}: ${answered || 'nothing'}, not ${String(expected)}`);
  };
  // So few at a time that none waits for the others until it is too late for it.
  const next = tricks.values();
  const lane = async (): Promise<void> => {
    for (const trick of next) await tryIt(trick);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  expect(wrongs).toEqual([]);
  expect(await answersTo(get('/api/health', 'Connection: close\r\n'))).toBe('200');
});

const large = Buffer.alloc(64 * 1024 * 1024, 'a ');
const packed = (bytes: Buffer, encoding: string): Buffer => {
  const head = post(`Content-Encoding: ${encoding}\r\nContent-Length: ${bytes.length}\r\n`, '', '/api/events/batch');
  return Buffer.concat([Buffer.from(head), bytes]);
};

describe('A body that unpacks to 64 MiB is refused at once, and takes no memory', () => {
  const zipped = gzipSync(large, { level: 1 });
  const members = Buffer.concat(Array(64).fill(gzipSync(large.subarray(0, 1024 * 1024))));
  it.each<readonly [string, string, Buffer, RegExp]>([
    ['gzip', 'gzip', zipped, /^413$/],
    ['deflate', 'deflate', deflateSync(large, { level: 1 }), /^413$/],
    ['br', 'br', brotliCompressSync(large, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }), /^413$/],
    ['gzip of many members', 'gzip', members, /^413$/],
    ['gzip twice', 'gzip, gzip', gzipSync(zipped), /^415$/],
    ['gzip twice, told once', 'gzip', gzipSync(zipped), /^400$/],
    ['gzip and br', 'gzip, br', brotliCompressSync(zipped), /^415$/],
    ['gzip cut off', 'gzip', zipped.subarray(0, 30_000), /^4(13|00)$/],
    ['gzip that is broken', 'gzip', Buffer.concat([zipped.subarray(0, 1_000), Buffer.alloc(200_000, 7)]), /^4(13|00)$/],
  ])('%s', async (_, encoding, bytes, expected) => {
    const before = process.memoryUsage();
    const begun = performance.now();
    expect(await answersTo(packed(bytes, encoding))).toMatch(expected);
    expect(performance.now() - begun).toBeLessThan(5_000);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(50_000_000);
  });
});
