import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { binaryEvent } from '../../../src/api/ingest/binary-event.ts';
import { fromCloudEvent, traceparentOf } from '../../../src/api/ingest/cloud-event.ts';
import { Problem } from '../../../src/api/http/problems.ts';

const arrival = { receivedAt: new Date('2026-03-01T12:00:00.000Z'), newEventId: () => 'made-here' };
const event = { specversion: '1.0', id: 'e-1', source: '/crm', type: 'io.acme.Signup' };

const captured = (given: unknown) => {
  const translated = fromCloudEvent(given, arrival);
  if (!('capture' in translated)) throw new Error(`Not captured: ${JSON.stringify(translated)}`);
  const { identifiers, activity } = translated.capture;
  return { who: identifiers.map(({ kind, value }) => `${kind}:${value}`), ...activity };
};
const faults = (given: unknown) => {
  const translated = fromCloudEvent(given, arrival);
  return 'faults' in translated ? translated.faults.map(({ pointer, detail }) => `${pointer}: ${detail}`) : [];
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('A CloudEvent', () => {
  it('keeps its type, and finds in its data who did it', () => {
    const data = { userId: 'u', email: 'a@x.io', anonymousId: 'a', sessionId: 's', traits: { plan: 'pro' }, size: 3 };
    expect(captured({ ...event, time: '2026-03-01T11:00:00+01:00', subject: 'x', data })).toEqual({
      who: ['userId:u', 'email:a@x.io', 'anonymousId:a'],
      eventId: '/crm#e-1',
      eventType: 'io.acme.Signup',
      source: 'cloudevents',
      sessionId: 's',
      occurredAt: '2026-03-01T10:00:00.000Z',
      receivedAt: '2026-03-01T12:00:00.000Z',
      properties: { size: 3 },
      traits: { plan: 'pro' },
    });
  });

  it('says by extension attributes who did it, before its data does', () => {
    const data = { userId: 'other', sessionId: 'other', traits: { email: 'a@x.io' } };
    const extended = { ...event, userid: 'u', anonymousid: 'a', sessionid: 's', data };
    expect(captured(extended)).toMatchObject({ who: ['userId:u', 'email:a@x.io', 'anonymousId:a'], sessionId: 's' });
    expect(captured({ ...event, email: 'a@x.io' })).toMatchObject({ who: ['email:a@x.io'], properties: {} });
  });

  it('may have JSON as base64', () => {
    const data_base64 = base64('{"userId":"u","size":3}');
    expect(captured({ ...event, data_base64 })).toMatchObject({ who: ['userId:u'], properties: { size: 3 } });
    expect(
      captured({ ...event, datacontenttype: 'application/vnd.acme+json; charset=utf-8', data_base64 }).who,
    ).toEqual(['userId:u']);
  });

  it.each([
    [{ ...event, specversion: '0.3', userid: 'u' }, ['/specversion']],
    [{ userid: 'u' }, ['/specversion', '/id', '/source', '/type']],
    [{ ...event, id: ' ', source: 7, type: '', userid: 'u' }, ['/id', '/source', '/type']],
    [{ ...event, type: 'x'.repeat(129), userid: 'u' }, ['/type']],
    [{ ...event, id: 'x\uFFFD', source: '\uD800', userid: 'u' }, ['/id', '/source']],
    [{ ...event, id: 'x'.repeat(300) + '\0', userid: 'u' }, ['/id']],
    [{ ...event, userid: 'null' }, ['/userid']],
    [{ ...event, data: { userId: 'null' } }, ['/data/userId']],
    [{ ...event, userid: 'u', data: 'text' }, ['/data']],
    [{ ...event, userid: 'u', data_base64: base64('hello') }, ['/data_base64']],
    [{ ...event, userid: 'u', datacontenttype: 'image/png', data_base64: base64('{}') }, ['/data_base64']],
    [{ ...event, userid: 'u', data: {}, data_base64: base64('{}') }, ['/data_base64']],
    [{ ...event, data: {} }, ['']],
    ['text', ['']],
  ])('is refused when it can not be read: %j', (given, pointers) => {
    expect(faults(given).map((each) => each.split(':')[0])).toEqual(pointers);
  });

  it('is named by its source and its id together, or by a hash of them', () => {
    const idOf = (source: string, id: string) => captured({ ...event, source, id, userid: 'u' }).eventId;
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(idOf('/crm', 'e-1')).toBe('/crm#e-1');
    expect(idOf('urn:shop', 'e-1')).toBe('urn:shop#e-1');
    expect(idOf('/topic#subject', 'e-1')).toBe('/topic#subject#e-1');
    expect(idOf('s'.repeat(128), 'i'.repeat(127))).toBe(`${'s'.repeat(128)}#${'i'.repeat(127)}`);
    expect(idOf('s'.repeat(128), 'i'.repeat(128))).toBe(sha256(`${'s'.repeat(128)}#${'i'.repeat(128)}`));
    expect(idOf('/crm', 'i'.repeat(10_000))).toBe(sha256(`/crm#${'i'.repeat(10_000)}`));
    expect(idOf('/a', 'b#c')).toBe(sha256('["/a","b#c"]'));
    expect(idOf('/a', 'b#c')).not.toBe(idOf('/a#b', 'c'));
  });

  it.each([
    ['plain', 'plain'],
    ['e%20%E2%82%AC', 'e €'],
    ['%e2%82%ac%2520', '€%20'],
    ['1+1', '1+1'],
    ['100%', '100%'],
    ['%4', '%4'],
    ['%zz%41', '%zzA'],
    ['"two words"', 'two words'],
    ['""', ''],
    ['"a \\"b\\" \\\\ c"', 'a "b" \\ c'],
    ['"%22"', '"'],
    ['a "b c" d', 'a b c d'],
    ['5" wide', '5" wide'],
    ['"open\\', '"open\\'],
    [Buffer.from('Zoë €').toString('latin1'), 'Zoë €'],
    [Buffer.from('\uFEFFa').toString('latin1'), '\uFEFFa'],
  ])('in binary mode has the attribute that a header writes as %s', (written, said) => {
    const headers = { 'ce-id': written, host: 'x' };
    expect(binaryEvent(headers, { a: 1 })).toEqual({ id: said, data: { a: 1 } });
  });

  it.each(['%C0%A0', '%E2%82', '%ED%A0%80', 'ok %FF', 'Zo\u00EB'])(
    'in binary mode is refused when a header is not UTF-8: %s',
    (written) => {
      const read = () => binaryEvent({ 'ce-id': 'e-1', 'ce-subject': written }, {});
      expect(read).toThrow(Problem);
      expect(read).toThrow(expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/subject' })] }));
    },
  );

  it('in binary mode is read in one pass, whatever its headers hold', () => {
    const [quotes, escapes] = ['"\\'.repeat(100_000), `"${'\\"'.repeat(100_000)}\\`];
    const begun = performance.now();
    expect(binaryEvent({ 'ce-id': quotes, 'ce-source': escapes }, {})).toMatchObject({ source: escapes });
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('is none without attributes in headers', () => {
    expect(binaryEvent({ host: 'x' }, {})).toBeUndefined();
  });

  it('tells its trace only when that is well-formed', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    expect(traceparentOf({ ...event, traceparent })).toBe(traceparent);
    for (const wrong of ['x', 7, traceparent.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32))]) {
      expect(traceparentOf({ ...event, traceparent: wrong })).toBeUndefined();
    }
  });
});
