import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../src/domain/deliveries/endpoints.ts';
import type { Told } from '../../../src/domain/deliveries/told.ts';
import { deliveryIdOf, testType, toldIdOf, toldSchema, toldTypes } from '../../../src/domain/deliveries/told.ts';
import { deliveryRequest, isReservedHeader } from '../../../src/outside/webhooks/requests.ts';

const secretOf = (byte: number): string => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const [former, current, other] = [secretOf(1), secretOf(2), secretOf(3)];
// The library of Standard Webhooks looks at the clock of this machine.
const now = new Date();

const told: Told = {
  id: toldIdOf('fact-1', 'lead.qualified'),
  type: 'lead.qualified',
  timestamp: '2026-03-10T12:00:00.000Z',
  sequence: 7,
  position: 4_711,
  data: {
    projectId: 'p1',
    leadId: 'lead-1',
    score: 82,
    stage: 'hot',
    threshold: 70,
    count: 1,
    identifiers: [{ kind: 'email', value: 'ada@example.com' }],
    profile: { name: 'Ada Lovelace', company: 'Analytical & Söhne' },
    factors: [
      { rule: 'pricing-page', points: 30 },
      { rule: 'no-consent', points: -5 },
    ],
  },
};
const deliveryId = deliveryIdOf('p1-abc', told.id);

type Given = Partial<Parameters<typeof deliveryRequest>[0]>;
const requestOf = (given: Given = {}) =>
  deliveryRequest({ format: 'standard', told, deliveryId, secrets: [current], headers: {}, now, ...given });

const verified = (secret: string, { headers, body }: ReturnType<typeof deliveryRequest>): unknown =>
  new Webhook(secret).verify(body, { ...headers });

const isMadeBy = (secret: string, request: ReturnType<typeof deliveryRequest>): boolean => {
  try {
    verified(secret, request);
    return true;
  } catch {
    return false;
  }
};

const anyTold: fc.Arbitrary<Told> = fc
  .record({
    fact: fc.uuid(),
    type: fc.constantFrom(...toldTypes, testType),
    position: fc.nat(),
    profile: fc.dictionary(fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 30 })),
  })
  .map(({ fact, type, position, profile }) => ({
    ...told,
    id: toldIdOf(fact, type),
    type,
    position,
    data: { ...told.data, profile },
  }));
const anySecrets = fc.uniqueArray(
  fc.uint8Array({ minLength: 24, maxLength: 64 }).map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`),
  { minLength: 1, maxLength: 3 },
);

/** A request with one byte changed of what is signed, or of the signature that a secret made: which, where in it, and how. */
const changed = (
  { headers, body }: ReturnType<typeof deliveryRequest>,
  secret: string,
  [what, where, by]: readonly number[],
) => {
  const signatures = String(headers['webhook-signature']).split(' ');
  const at = signatures.findIndex((each) =>
    isMadeBy(secret, { headers: { ...headers, 'webhook-signature': each }, body }),
  );
  const parts = {
    body,
    'webhook-id': Buffer.from(String(headers['webhook-id'])),
    'webhook-timestamp': Buffer.from(String(headers['webhook-timestamp'])),
    'webhook-signature': Buffer.from(String(signatures[at])),
  };
  const [name, bytes] = Object.entries(parts)[(what ?? 0) % 4] ?? ['body', body];
  const other = Buffer.from(bytes);
  const place = (where ?? 0) % other.length;
  // Headers are of ASCII, and no other blank than one between signatures.
  other[place] =
    name === 'body'
      ? (other[place] ?? 0) ^ (by ?? 1)
      : 0x21 + (((other[place] ?? 0) - 0x21 + 1 + ((by ?? 1) % 93)) % 94);
  if (name === 'body') return { headers, body: other };
  const text = name === 'webhook-signature' ? signatures.with(at, other.toString()).join(' ') : other.toString();
  return { headers: { ...headers, [name]: text }, body };
};

describe.each(formats)('What is sent as %s', (format) => {
  it('is verified by the official library of Standard Webhooks', () => {
    const request = requestOf({ format });
    expect(verified(current, request)).toEqual(JSON.parse(request.body.toString()));
    expect(() => verified(other, request)).toThrow();
  });

  it('is verified before, during and after a rotation', () => {
    const before = requestOf({ format, secrets: [former] });
    const during = requestOf({ format, secrets: [current, former] });
    const after = requestOf({ format, secrets: [current] });
    for (const request of [before, during]) expect(() => verified(former, request)).not.toThrow();
    for (const request of [during, after]) expect(() => verified(current, request)).not.toThrow();
    expect(() => verified(current, before)).toThrow();
    expect(() => verified(former, after)).toThrow();
  });

  it('is verified by each secret that is valid, whatever it tells of, and by none with one byte changed anywhere', () => {
    fc.assert(
      fc.property(anyTold, anySecrets, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (each, all, ...change) => {
        const request = requestOf({ format, told: each, secrets: all });
        for (const secret of all) expect(verified(secret, request)).toEqual(JSON.parse(request.body.toString()));
        for (const secret of all) expect(() => verified(secret, changed(request, secret, change))).toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it('is not verified with any byte of its body changed', () => {
    const request = requestOf({ format, secrets: [current, former] });
    for (let at = 0; at < request.body.length; at++) {
      const body = Buffer.from(request.body);
      body[at] = (body[at] ?? 0) ^ 1;
      for (const secret of [current, former]) expect(() => verified(secret, { ...request, body })).toThrow();
    }
  });

  it('is called as what it tells of, and never otherwise, at every attempt', () => {
    const later = new Date(now.getTime() + 3_600_000);
    const [first, second] = [requestOf({ format }), requestOf({ format, now: later })];
    expect([first.headers['webhook-id'], second.headers['webhook-id']]).toEqual([told.id, told.id]);
    expect(first.headers['leadfold-delivery-id']).toBe(deliveryId);
    expect(second.body).toEqual(first.body);
    expect(Number(second.headers['webhook-timestamp']) - Number(first.headers['webhook-timestamp'])).toBe(3_600);
  });

  it('has the headers that an endpoint wants, but not in place of ours', () => {
    const wanted = { authorization: 'Bearer abc', 'webhook-id': 'theirs', 'content-type': 'text/plain' };
    const { headers } = requestOf({ format, headers: wanted, traceparent: '00-abc-def-01' });
    expect(headers).toMatchObject({ authorization: 'Bearer abc', 'webhook-id': told.id, traceparent: '00-abc-def-01' });
    expect(headers['content-type']).toMatch(/json$/);
    for (const name of Object.keys(headers)) expect(isReservedHeader(name)).toBe(name !== 'authorization');
  });
});

it.each(['host', 'content-length', 'connection', 'transfer-encoding', 'te', 'proxy-authorization', 'webhook-anything'])(
  'No endpoint has a header %s of its own',
  (name) => {
    expect(isReservedHeader(name)).toBe(true);
    expect(isReservedHeader(`x-${name}`)).toBe(false);
  },
);

it('The standard format is what is told, as it is', () => {
  const { headers, body } = requestOf();
  expect(headers['content-type']).toBe('application/json');
  expect(toldSchema.parse(JSON.parse(body.toString()))).toEqual(told);
});

describe('A CloudEvent', () => {
  const eventOf = (given: Told) => {
    const { headers, body } = requestOf({ format: 'cloudevents', told: given });
    const event = HTTP.toEvent({ headers: { ...headers }, body: body.toString() });
    if (Array.isArray(event)) throw new Error('one event was sent');
    return new CloudEvent(event);
  };

  it('is read by the official library', () => {
    const event = eventOf(told);
    expect(event.validate()).toBe(true);
    expect(event).toMatchObject({
      specversion: '1.0',
      id: told.id,
      source: '/projects/p1',
      type: 'lead.qualified',
      time: told.timestamp,
      subject: 'lead-1',
      sequence: '000000000007',
      position: '4711',
      data: told.data,
    });
  });

  it('has no subject where it is about no lead', () => {
    const { sequence: _, ...rest } = told;
    const event = eventOf({
      ...rest,
      type: 'quota.reached',
      data: { projectId: 'p1', resource: 'events', percent: 80 },
    });
    expect(event.validate()).toBe(true);
    expect(event.subject).toBeUndefined();
    expect(event['sequence']).toBeUndefined();
  });
});

describe('A message in Slack', () => {
  const messageOf = (data: Told['data'], type: Told['type'] = 'lead.qualified'): string =>
    requestOf({ format: 'slack', told: { ...told, type, data } }).body.toString();
  const textsIn = (value: unknown): readonly string[] => {
    if (Array.isArray(value)) return value.flatMap(textsIn);
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, each]) =>
      name === 'text' && typeof each === 'string' ? [each] : textsIn(each),
    );
  };

  it('says who, the score and why', () => {
    expect(textsIn(JSON.parse(messageOf(told.data)))).toEqual([
      'Ada Lovelace, Analytical &amp; Söhne is qualified',
      '*Ada Lovelace, Analytical &amp; Söhne* is qualified',
      '*Score*\n82',
      '*Stage*\nhot',
      '*Because* pricing-page +30, no-consent -5',
      'lead.qualified · lead-1 · 2026-03-10T12:00:00.000Z',
    ]);
  });

  it('says who has it, and why', () => {
    const data = {
      ...told.data,
      factors: [],
      repId: 'grace',
      teamId: 'emea',
      because: 'rule large, least-busy',
      rule: 'large',
    };
    expect(textsIn(JSON.parse(messageOf(data, 'lead.assigned')))).toEqual(
      expect.arrayContaining(['*Rep*\ngrace', '*Team*\nemea', '*Because* rule large, least-busy', '*Score*\n82']),
    );
  });

  it.each<Told['type']>([...toldTypes, testType])(
    'has something to say of %s, with or without more to know',
    (type) => {
      for (const data of [{ projectId: 'p1' }, { projectId: 'p1', leadId: 'lead-1' }, told.data]) {
        const texts = textsIn(JSON.parse(messageOf(data, type)));
        expect(texts.length).toBeGreaterThanOrEqual(3);
        for (const text of texts) expect(text.trim()).not.toBe('');
      }
    },
  );

  it('has no mention, link or style that somebody put into a name, and is short', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5_000 }),
      fc.stringMatching(/^(<!channel>|<https:\/\/a\.example\|b>|\*b\*|`c`|&lt;|\n| |a){0,20}$/),
    );
    fc.assert(
      fc.property(nasty, fc.array(nasty, { maxLength: 40 }), (text, rules) => {
        const data = {
          ...told.data,
          leadId: text,
          stage: text,
          repId: text,
          profile: { name: text, company: text },
          factors: rules.map((rule) => ({ rule, points: 1 })),
        };
        const message = messageOf(data);
        expect(Buffer.byteLength(message)).toBeLessThan(40_000);
        for (const each of textsIn(JSON.parse(message))) {
          expect(each.length).toBeLessThanOrEqual(3_000);
          expect(each).not.toMatch(/[<>`~]|&(?!(amp|lt|gt);)/);
          expect(each.isWellFormed()).toBe(true);
        }
      }),
    );
  });
});
