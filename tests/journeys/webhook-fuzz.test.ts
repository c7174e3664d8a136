import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { salesOf } from '../support/sales.ts';

const app = appOfFile();
const stripe = new Stripe('sk_test_of_nobody');
const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const seconds = Date.parse('2026-03-10T12:00:00.000Z') / 1_000;

type Headers = Readonly<Record<string, string>>;
type Sender = { readonly source: object; readonly sign: (body: Buffer, id: string) => Headers };
const mac = (...parts: readonly (string | Buffer)[]): string =>
  parts.reduce((hmac, part) => hmac.update(part), createHmac('sha256', secret)).digest('hex');
const signature = { header: 'x-signature', encoding: 'hex' };
const mapping = {
  items: '/items',
  eventType: { pointer: '/type', map: { a: 'signup' }, default: 'other' },
  eventId: '/id',
  timestamp: '/at',
  email: '/email',
  userId: '/who/0',
  properties: '',
  traits: { a: '/a', b: { pointer: '/b', map: { '1': true } }, whole: '' },
};
const senders: readonly Sender[] = [
  {
    source: { scheme: 'standard' },
    sign: (body, id) => ({
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': new Webhook(secret).sign(id, new Date(seconds * 1_000), body.toString()),
    }),
  },
  {
    source: { scheme: 'stripe', mapping },
    sign: (body) => ({
      'stripe-signature': stripe.webhooks.generateTestHeaderString({
        payload: body.toString(),
        secret,
        timestamp: seconds,
      }),
    }),
  },
  { source: { scheme: 'hmac-sha256', signature }, sign: (body) => ({ 'x-signature': mac(body) }) },
  {
    source: { scheme: 'hmac-sha256', signature: { ...signature, timestampHeader: 'x-time' }, mapping },
    sign: (body) => ({ 'x-time': String(seconds), 'x-signature': mac(`${seconds}.`, body) }),
  },
  { source: { scheme: 'token', mapping }, sign: () => ({ authorization: `Bearer ${secret}` }) },
];

const nasty = fc.constantFrom(
  ...['', ' ', '\0', '%', '%00', '%E0%A4%A', '../..', "'", '{}', '[]', 'null', '{"a":', '[object Object]', '\ud800'],
  ...['9'.repeat(400), '1e999', '-0', '__proto__', 'constructor', 'a=b&c=%ZZ&=', 'x'.repeat(5_000), '\u202e\u{1F600}'],
  ...['['.repeat(5_000), '{"a":'.repeat(2_000), '{"__proto__":{"a":1},"constructor":1}', '"\\ud800"'],
);
const text = fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 40 }));
const item = fc.record(
  {
    type: fc.oneof(fc.constantFrom('a', 'b'), fc.jsonValue()),
    eventType: fc.oneof(fc.constantFrom('signup', 'page_view'), fc.jsonValue()),
    id: fc.oneof(text, fc.nat(3)),
    eventId: fc.oneof(text, fc.nat(3)),
    at: fc.oneof(fc.constantFrom('2026-03-10T11:00:00Z', 1_773_140_400_000), text),
    email: fc.oneof(fc.constantFrom('ada@example.com', 'bob@example.com'), text),
    anonymousId: text,
    who: fc.oneof(fc.array(text, { maxLength: 2 }), fc.jsonValue()),
    properties: fc.jsonValue(),
    traits: fc.oneof(fc.dictionary(text, fc.jsonValue(), { maxKeys: 3 }), fc.jsonValue()),
    a: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const json = fc
  .oneof(
    ...[item, fc.array(item, { maxLength: 4 }), fc.record({ items: fc.array(item, { maxLength: 4 }) })],
    fc.jsonValue(),
  )
  .map((value) => JSON.stringify(value));
const bodies = fc.oneof(
  { weight: 6, arbitrary: json.map((each) => Buffer.from(each)) },
  { weight: 2, arbitrary: text.map((each) => Buffer.from(each)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }).map((each) => Buffer.from(each)) },
);
const types = fc.constantFrom(
  ...['application/json', 'application/json; charset=utf-16', 'application/x-www-form-urlencoded', 'text/plain'],
  ...['multipart/form-data; boundary=x', 'application/cloudevents+json', 'json', '', ';;;///', 'a/b; c="', '*/*'],
);
type Encoding = readonly [name: string, encoded: (body: Buffer) => Buffer];
const asItIs = (body: Buffer): Buffer => body;
const encodings: readonly Encoding[] = [
  ['', asItIs],
  ['identity', asItIs],
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
  // What does not come as it says.
  ['gzip', asItIs],
  ['br', gzipSync],
  ['zstd', asItIs],
];
/** What else may be wrong with a request: nothing, a header, or its address. */
const wrong = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  {
    weight: 2,
    arbitrary: fc.record({
      headers: fc.dictionary(
        fc.constantFrom(
          ...['webhook-id', 'webhook-timestamp', 'webhook-signature', 'stripe-signature', 'x-signature', 'x-time'],
          ...['authorization', 'traceparent', 'x-correlation-id', 'idempotency-key', 'x-project-id', 'expect'],
        ),
        fc.oneof(
          fc.constantFrom('', 'v1,', 'v1,AAAA v1,', 't=1,v1=', 't=', 'Bearer', '9'.repeat(30), '-1', 'NaN'),
          fc.string({ maxLength: 30 }),
        ),
        { maxKeys: 3 },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      address: fc.constantFrom('?token=', '?token=a&token=b', '?%', '%00', '/', `?token=${'a'.repeat(400)}`, '?a[b]=c'),
    }),
  },
) as fc.Arbitrary<{ readonly headers?: Headers; readonly address?: string }>;

it('Whatever comes to a source, signed or not, is answered without a fault of ours', async () => {
  const { ask, path } = await salesOf(app());
  const sources: { readonly path: string; readonly sign: Sender['sign'] }[] = [];
  for (const { source, sign } of senders) {
    const { body } = mustBe(await ask('POST', `${path}/sources`, { name: 'Any', ...source, secret }), 201);
    sources.push({ path: body.path, sign });
  }
  const counts = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sources),
      fc.record({ body: bodies, type: types, encoding: fc.constantFrom(...encodings), id: text, wrong }),
      async (source, { body, type, encoding: [encoding, encoded], id, wrong: { headers = {}, address = '' } }) => {
        // Signatures are over what is sent by its sender, which is what is in it once that is unpacked.
        const signed = source.sign(body, id.replaceAll(/[^\x21-\x7e]/g, '') || 'msg_1');
        const clean = Object.entries(headers).map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, '')]);
        const answer = await app().transport({
          method: 'POST',
          path: source.path + address,
          headers: {
            'content-type': type,
            ...(encoding !== '' && { 'content-encoding': encoding }),
            ...signed,
            ...Object.fromEntries(clean),
          },
          body: encoded(body),
        });
        counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1);
        expect(answer.status, answer.text).toBeLessThan(500);
        const said: Json = answer.body;
        if (answer.status === 202) expect(['queued', 'duplicate', 'rejected']).toContain(said.status);
        else expect(said).toMatchObject({ status: answer.status, code: expect.any(String) });
      },
    ),
    { numRuns: 600, seed: 20_260_310 },
  );
  // Most are signed well, or nothing behind the signature would have been tried.
  expect(counts.get(202)).toBeGreaterThan(150);
  expect(counts.get(401)).toBeGreaterThan(15);
  await app().settled();
}, 60_000);
