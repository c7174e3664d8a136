import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { survives, withExactNumbers } from '../../../src/api/ingest/numbers.ts';
import { ingesting } from './given.ts';

const exact = (text: string, looking = {}) => withExactNumbers(Buffer.from(text), looking);

describe('A number of JSON', () => {
  it.each([
    ...['0', '-0', '42', '-1', '9007199254740991', '-9007199254740992', '1234567890123456800', '1700000000000'],
    ...['1.0', '0.10', '1e2', '1E+2', '1.5e-7', '0.1', '0.30000000000000004', '0.000001', '1e21', '5e-324', '0e999'],
    ...['1.7976931348623157e308', '0.8444218515250481', '123456789012.50000000000000'],
  ])('says the same after parsing: %s', (source) => {
    expect(survives(source)).toBe(true);
    expect(exact(`{"a":${source}}`)).toBe(`{"a":${source}}`);
  });

  it.each([
    ...['1187654321098765431', '1187654321098765432', '-1187654321098765431', '9007199254740993', '12345678901234567'],
    ...['1000000000000000000000', '18446744073709551615', '0.12345678901234567891', '3.14159265358979323846'],
    ...['19.989999999999998', '123456789012345.678', '1.187654321098765431e18', '1187654321098765431e0'],
    ...['1e400', '-1E400', '1e-400', '0.1e-999999999999', '1.00000000000000001', '9'.repeat(400)],
  ])('that would not say the same is a text with its digits: %s', (source) => {
    expect(survives(source)).toBe(false);
    expect(exact(`{"a":[${source},1]}`)).toBe(`{"a":["${source}",1]}`);
  });

  it('stays as it is where it only looks like one: in a text, in a name', () => {
    for (const text of [
      String.raw`{"1187654321098765431":"1187654321098765431","a\"1187654321098765431":"\\\"1187654321098765431"}`,
      '{"a":"x 1187654321098765431","b":"1e400, 1e401","c":":1e402"}',
    ]) {
      expect(exact(text)).toBe(text);
    }
  });

  it('makes no JSON of what is none', () => {
    for (const text of [
      ...['{1187654321098765431:1}', '{1187654321098765431 \n:1}', '[01187654321098765431]', '[1187654321098765431.]'],
      ...['[--1187654321098765431]', '[+1187654321098765431]', '[1187654321098765431e]', '[1187654321098765431"a"]'],
      ...['{"a":1,1187654321098765431:1}', '[1187654321098765431x]', '["', '[118765432109876543', '-', ''],
    ]) {
      expect(() => JSON.parse(exact(text)), text).toThrow(SyntaxError);
    }
  });

  it('is looked at deeper than so many levels, in each line anew', () => {
    const item = '{"a":1187654321098765431,"p":{"b":1187654321098765431}}';
    const kept = '{"a":1187654321098765431,"p":{"b":"1187654321098765431"}}';
    expect(exact(item, { plainLevels: 1 })).toBe(kept);
    expect(exact(`{"events":[${item},${item}]}`, { plainLevels: 3 })).toBe(`{"events":[${kept},${kept}]}`);
    const lines = `${item}\n{"x":{"y":"\n[[[\n]]]\n${item}`;
    expect(exact(lines, { plainLevels: 1, lines: true })).toBe(lines.replaceAll(item, kept));
  });

  it('keeps the characters around it, also those that are not UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('\uFEFF{"ä🙂":'),
      ...[Buffer.from('1187654321098765431'), Buffer.from([0xe2, 0x82]), Buffer.from('1187654321098765431€}')],
    ]);
    expect(withExactNumbers(bytes)).toBe(bytes.toString().replaceAll('1187654321098765431', '"1187654321098765431"'));
  });

  const digits = fc.stringMatching(/^(0|[1-9]\d{0,24})(\.\d{1,24})?([eE][+-]?\d{1,3})?$/);
  const source = fc.tuple(fc.constantFrom('', '-'), digits).map((parts) => parts.join(''));

  it('is a text exactly when writing what was parsed says something else', () => {
    /** The number as digits of a power of ten that is low enough for all, so that equal numbers have equal digits. */
    const scaled = (text: string): bigint => {
      const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
      const [whole = '', fraction = ''] = mantissa.split('.');
      return BigInt(whole + fraction) * 10n ** BigInt(2_000 + Number(exponent) - fraction.length);
    };
    fc.assert(
      fc.property(source, (text) => {
        const written = JSON.stringify(JSON.parse(text));
        const same = written !== 'null' && scaled(text) === scaled(written);
        const spelled = !/^-?\d+$/.test(text) || written === text || Number(text) === 0;
        expect(survives(text)).toBe(same && spelled);
      }),
    );
  });

  it('is all that changes in any JSON, valid or not', () => {
    const part = fc.oneof(
      source,
      fc.string({
        unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', ':', ' ', '1187654321098765431', 'e', '.'),
      }),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(','));
    const any = fc.oneof(
      text,
      text.map((inner) => `[${inner}]`),
    );
    const parsed = (json: string): unknown => {
      try {
        return JSON.parse(json);
      } catch {
        return undefined;
      }
    };
    const rounded = (value: unknown, like: unknown): unknown => {
      if (typeof like === 'number' && typeof value === 'string') return Number(value);
      if (!Array.isArray(value) || !Array.isArray(like)) return value;
      return value.map((each, index) => rounded(each, like[index]));
    };
    fc.assert(
      fc.property(any, (json) => {
        const [before, after] = [parsed(json), parsed(exact(json))];
        expect(rounded(after, before)).toEqual(before);
      }),
    );
  });

  it('may be as long as a body', () => {
    for (const long of ['9'.repeat(4_000_000), `0.${'0'.repeat(2_000_000)}1${'0'.repeat(2_000_000)}`]) {
      expect(exact(`[${long}]`)).toBe(`["${long}"]`);
    }
  });
});

const long = '1187654321098765431';
const near = '1187654321098765432';

describe('A number that a double can not hold', () => {
  it('is two people for two ids that differ in the last digit, in what Segment clients send', async () => {
    await using app = await ingesting();
    const item = (userId: string, messageId: string) =>
      `{"type":"track","userId":${userId},"messageId":${messageId},"event":"Order","properties":{"order":${messageId},"n":[0.12345678901234567891,3]},"context":{"sessionId":${long}}}`;
    const { body } = await app.post(
      '/v1/batch',
      `{"batch":[${item(long, '1')},${item(near, near)},${item(long, long)}]}`,
    );
    const leads = body.results.map(({ leadId }: { leadId: string }) => leadId);
    expect(new Set(leads).size).toBe(2);
    expect(leads[0]).toBe(leads[2]);
    expect(await app.activities()).toMatchObject([
      { eventId: '1', properties: { order: 1, n: ['0.12345678901234567891', 3] }, sessionId: long },
      { eventId: long },
      { eventId: near, properties: { order: near } },
    ]);
    const asText = await app.post('/v1/track', { userId: long, event: 'Order' });
    expect(asText.body.results[0].leadId).toBe(leads[0]);
  });

  it('keeps its digits in traits', async () => {
    await using app = await ingesting();
    await app.post('/v1/identify', `{"userId":"u","traits":{"account":${long},"ratio":1.5,"mass":1e400}}`);
    expect(await app.activities()).toMatchObject([{ traits: { account: long, ratio: 1.5, mass: '1e400' } }]);
  });

  it.each([
    ['structured', { 'content-type': 'application/cloudevents+json' }, (data: string) => `{"data":${data}`],
    [
      'structured, with its data as base64',
      { 'content-type': 'application/cloudevents+json' },
      (data: string) => `{"data_base64":"${Buffer.from(data).toString('base64')}"`,
    ],
  ])('keeps its digits in a CloudEvent that is %s', async (_, headers, begin) => {
    await using app = await ingesting();
    const rest = ',"specversion":"1.0","id":"e","source":"/crm","type":"order"}';
    const post = (userId: string) =>
      app.post(
        '/api/events',
        `${begin(`{"userId":${userId},"order":${long}}`)}${rest.replace('"e"', `"${userId}"`)}`,
        headers,
      );
    const [first, second] = [await post(long), await post(near)];
    expect({ firstStatusCode: first.statusCode, secondStatusCode: second.statusCode }).toEqual({
      firstStatusCode: 202,
      secondStatusCode: 202,
    });
    expect(first.body.leadId).not.toBe(second.body.leadId);
    expect(await app.activities()).toMatchObject([{ properties: { order: long } }, { properties: { order: long } }]);
  });

  it('keeps its digits in a CloudEvent that is binary, and in a batch of them', async () => {
    await using app = await ingesting();
    const binary = { 'ce-specversion': '1.0', 'ce-id': 'e-1', 'ce-source': '/crm', 'ce-type': 'order' };
    expect((await app.post('/api/events', `{"userId":${long},"order":${near}}`, binary)).statusCode).toBe(202);
    const event = `{"specversion":"1.0","id":"e-2","source":"/crm","type":"order","userid":${long},"data":{"order":${near}}}`;
    await app.post('/api/events', `[${event}]`, { 'content-type': 'application/cloudevents-batch+json' });
    const activities = await app.activities();
    expect(activities).toMatchObject([{ properties: { order: near } }, { properties: { order: near } }]);
    const facts = (await app.facts()).filter(({ type }) => type === 'ActivityRecorded');
    expect(new Set(facts.map(({ stream }) => stream)).size).toBe(1);
  });

  it('keeps its digits in properties and traits of our own format, where an id that is a number is refused as any is', async () => {
    await using app = await ingesting();
    const item = `{"userId":"u","eventType":"x","properties":{"order":${long}},"traits":{"account":${near}}}`;
    const said = { properties: { order: long }, traits: { account: near } };
    await app.post('/api/events/ingest', item);
    await app.post('/api/events', item);
    await app.post('/api/events/batch', `{"events":[${item}]}`);
    await app.post('/api/events/batch', `${item}\n${item}`, { 'content-type': 'application/x-ndjson' });
    expect(await app.activities()).toMatchObject(Array.from({ length: 5 }, () => said));
    const wrong = `{"userId":${long},"eventType":"x"}`;
    for (const url of ['/api/events/ingest', '/api/events']) {
      const { statusCode, body } = await app.post(url, wrong);
      expect({ statusCode, errors: body.errors }).toEqual({
        statusCode: 400,
        errors: [{ pointer: '/userId', detail: 'must be text, is a number' }],
      });
    }
    const { body } = await app.post('/api/events/batch', `{"events":[${wrong}]}`);
    expect(body.results[0].error).toEqual({ pointer: '/events/0/userId', detail: 'must be text, is a number' });
  });
});
