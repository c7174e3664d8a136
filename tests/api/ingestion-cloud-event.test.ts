import { describe, expect, it } from 'vitest';
import { binaryEvent, fromCloudEvent, traceparentOf } from '../../src/api/ingest/cloud-event.ts';

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
  it('keeps its id and type, and finds in its data who did it', () => {
    const data = { userId: 'u', email: 'a@x.io', anonymousId: 'a', sessionId: 's', traits: { plan: 'pro' }, size: 3 };
    expect(captured({ ...event, time: '2026-03-01T11:00:00+01:00', subject: 'x', data })).toEqual({
      who: ['userId:u', 'email:a@x.io', 'anonymousId:a'],
      ...{ eventId: 'e-1', eventType: 'io.acme.Signup', source: 'cloudevents', sessionId: 's' },
      ...{ occurredAt: '2026-03-01T10:00:00.000Z', receivedAt: '2026-03-01T12:00:00.000Z' },
      ...{ properties: { size: 3 }, traits: { plan: 'pro' } },
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
    [{ ...event, userid: 'null' }, ['/userid']],
    [{ ...event, data: { userId: 'null' } }, ['/data/userId']],
    [{ ...event, userid: 'u', data: 'text' }, ['/data']],
    [{ ...event, userid: 'u', data: [] }, ['/data']],
    [{ ...event, userid: 'u', data_base64: base64('hello') }, ['/data_base64']],
    [{ ...event, userid: 'u', datacontenttype: 'image/png', data_base64: base64('{}') }, ['/data_base64']],
    [{ ...event, userid: 'u', data: {}, data_base64: base64('{}') }, ['/data_base64']],
    [{ ...event, data: {} }, ['']],
    ['text', ['']],
  ])('is refused when it can not be read: %j', (given, pointers) => {
    expect(faults(given).map((each) => each.split(':')[0])).toEqual(pointers);
  });

  it('in binary mode has its attributes in headers, percent-encoded, and its data in the body', () => {
    const headers = { 'ce-specversion': '1.0', 'ce-id': 'e%20%E2%82%AC', 'ce-source': '100%', host: 'x' };
    expect(binaryEvent(headers, { a: 1 })).toEqual({ specversion: '1.0', id: 'e €', source: '100%', data: { a: 1 } });
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
