import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import type { Scheme, SignatureFormat } from '../../../src/domain/sources/scheme.ts';
import { schemes } from '../../../src/domain/sources/scheme.ts';
import type { Signed, Verified } from '../../../src/outside/webhooks/signatures.ts';
import { standardSignature, verify } from '../../../src/outside/webhooks/signatures.ts';

const now = new Date('2026-03-10T12:00:00Z');
const seconds = now.getTime() / 1_000;
const stripe = new Stripe('sk_test_of_nobody');

const whsec = (byte: number): string => `whsec_${Buffer.alloc(24, byte).toString('base64')}`;
const github: SignatureFormat = { header: 'x-hub-signature-256', encoding: 'hex', prefix: 'sha256=' };
const timed: SignatureFormat = { header: 'x-signature', encoding: 'base64', timestampHeader: 'x-timestamp' };

type Case = { readonly scheme: Scheme; readonly signature?: SignatureFormat };
type Headers = Signed['headers'];

const mac = (secret: string, text: string, encoding: 'hex' | 'base64'): string =>
  createHmac('sha256', secret).update(text).digest(encoding);

/** How a sender signs, by the official library of its scheme where there is one. `at` is in seconds. */
type Signer = Case & { readonly sign: (secret: string, body: string, at: number) => Headers };
const signers: Readonly<Record<string, Signer>> = {
  standard: {
    scheme: 'standard',
    sign: (secret, body, at) => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(at),
      'webhook-signature': new Webhook(secret).sign('msg_1', new Date(at * 1_000), body),
    }),
  },
  stripe: {
    scheme: 'stripe',
    sign: (secret, payload, timestamp) => ({
      'stripe-signature': stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp }),
    }),
  },
  'the body in hex': {
    scheme: 'hmac-sha256',
    signature: github,
    sign: (secret, body) => ({ 'x-hub-signature-256': `sha256=${mac(secret, body, 'hex')}` }),
  },
  'time and body in base64': {
    scheme: 'hmac-sha256',
    signature: timed,
    sign: (secret, body, at) => ({
      'x-timestamp': String(at),
      'x-signature': mac(secret, `${at}.${body}`, 'base64'),
    }),
  },
  token: { scheme: 'token', sign: (secret) => ({ authorization: `Bearer ${secret}` }) },
};
const all = Object.entries(signers);
const standard: Signer = signers['standard'] ?? { scheme: 'standard', sign: () => ({}) };
const withTime = all.filter(([name]) => !['token', 'the body in hex'].includes(name));

const [secret, other] = [whsec(1), whsec(2)];
const body = '{"type":"lead.created","email":"ada@example.com"}';

const checked = (scheme: Case, secrets: readonly string[], request: Partial<Signed> & { headers: Headers }): Verified =>
  verify(scheme, secrets, { body: Buffer.from(body), now, ...request });

it('Each scheme has a signer here', () => {
  expect(new Set(all.map(([, { scheme }]) => scheme))).toEqual(new Set(schemes));
});

it('A signature is taken as it is written, not for what else decodes to the same bytes', () => {
  const { scheme, sign } = standard;
  const headers = sign(secret, body, seconds);
  const given = String(headers['webhook-signature']);
  const last = given.charCodeAt(given.length - 2);
  for (const written of [`${given.slice(0, -2)}${String.fromCharCode(last + 1)}=`, given.slice(0, -1), `${given}!`]) {
    const changed = Buffer.from(written.slice(3), 'base64');
    expect(changed).toEqual(Buffer.from(given.slice(3), 'base64'));
    expect(checked({ scheme }, [secret], { headers: { ...headers, 'webhook-signature': written } })).toEqual({
      fault: 'signature-invalid',
    });
  }
});

describe.each(all)('A request signed by %s', (_, { sign, ...scheme }) => {
  const headers = sign(secret, body, seconds);

  it('is authentic by any secret that is valid', () => {
    for (const secrets of [[secret], [secret, other], [other, secret]])
      expect(checked(scheme, secrets, { headers }).fault).toBeUndefined();
  });

  it('is not by another secret, or by none', () => {
    for (const secrets of [[other], []])
      expect(checked(scheme, secrets, { headers })).toEqual({ fault: 'signature-invalid' });
  });

  it('is missing its signature when a header is not there or empty', () => {
    for (const name of Object.keys(headers))
      for (const value of ['', undefined, ['a', 'b']])
        expect(checked(scheme, [secret], { headers: { ...headers, [name]: value } })).toEqual({
          fault: 'signature-missing',
        });
  });

  it('is never authentic with a character of a header changed', () => {
    const character = fc.constantFrom(...'abcdef0123456789=,. ');
    const changes = fc.tuple(fc.constantFrom(...Object.keys(headers)), fc.nat(), character);
    fc.assert(
      fc.property(changes, ([name, place, by]) => {
        const text = String(headers[name]);
        const at = place % text.length;
        const changed = text.slice(0, at) + by + text.slice(at + 1);
        // Hex is the same in capitals, and blanks at the end are nobody's.
        fc.pre(changed.toLowerCase().trim() !== text.toLowerCase().trim());
        expect(checked(scheme, [secret], { headers: { ...headers, [name]: changed } }).fault).toBeDefined();
      }),
    );
  });
});

describe.each(all.filter(([name]) => name !== 'token'))('A body signed by %s', (_, { sign, ...scheme }) => {
  it('is not authentic with any byte changed, left out or put in', () => {
    const headers = sign(secret, body, seconds);
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 0x20;
      const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
      const longer = Buffer.concat([bytes.subarray(0, at), Buffer.from(' '), bytes.subarray(at)]);
      for (const changed of [flipped, shorter, longer])
        expect(checked(scheme, [secret], { headers, body: changed })).toEqual({ fault: 'signature-invalid' });
    }
  });
});

describe.each(withTime)('A request signed by %s', (_, { sign, ...scheme }) => {
  it.each([
    [0, undefined],
    [-10, undefined],
    [-300, undefined],
    [-301, 'signature-expired'],
    [-3_600, 'signature-expired'],
    [60, undefined],
    [61, 'signature-expired'],
  ])('%i s from now: %s', (offset, fault) => {
    const headers = sign(secret, body, seconds + offset);
    expect(checked(scheme, [secret], { headers }).fault).toBe(fault);
    // Whoever has no secret is not told what our clock says.
    expect(checked(scheme, [other], { headers }).fault).toBe('signature-invalid');
  });
});

it('What a standard sender calls its message is told when it was signed', () => {
  const { sign, ...scheme } = standard;
  const headers = sign(secret, body, seconds);
  expect(checked(scheme, [secret], { headers })).toEqual({ webhookId: 'msg_1' });
  expect(checked(scheme, [secret], { headers: { ...headers, 'webhook-id': 'msg_2' } })).toEqual({
    fault: 'signature-invalid',
  });
});

it('Of several signatures one has to fit, as while a sender changes its secret', () => {
  const { sign, ...scheme } = standard;
  const [one, two] = [other, secret].map((each) => sign(each, body, seconds)['webhook-signature']);
  const headers = { ...sign(secret, body, seconds), 'webhook-signature': `v1a,abc ${String(one)} ${String(two)}` };
  expect(checked(scheme, [secret], { headers }).fault).toBeUndefined();
});

it('A token may come in the query, and what is in the header goes before it', () => {
  expect(checked({ scheme: 'token' }, [secret], { headers: {}, token: secret })).toEqual({});
  expect(checked({ scheme: 'token' }, [secret], { headers: {}, token: other })).toEqual({ fault: 'signature-invalid' });
  expect(
    checked({ scheme: 'token' }, [secret], { headers: { authorization: `Bearer ${other}` }, token: secret }),
  ).toEqual({
    fault: 'signature-invalid',
  });
});

it('What we sign the official library of Standard Webhooks verifies', () => {
  // The library looks at the clock of this machine.
  const at = Math.floor(Date.now() / 1_000);
  const headers = {
    'webhook-id': 'msg_3',
    'webhook-timestamp': String(at),
    'webhook-signature': `${standardSignature(other, 'msg_3', at, body)} ${standardSignature(secret, 'msg_3', at, body)}`,
  };
  for (const each of [secret, other]) expect(new Webhook(each).verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow();
});
