import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf, translateLine } from '../../../src/api/ingest/body.ts';
import { fromCloudEvent } from '../../../src/api/ingest/cloud-event.ts';
import { snakeCase } from '../../../src/api/ingest/event-name.ts';
import type { Translated } from '../../../src/api/ingest/item.ts';
import { isObject, readJson } from '../../../src/api/ingest/json.ts';
import { fromNative } from '../../../src/api/ingest/native.ts';
import { fromSegment, segmentCalls, takenOver } from '../../../src/api/ingest/segment.ts';
import { activitySchema } from '../../../src/domain/lead/activity.ts';
import { identifierSchema } from '../../../src/domain/identity/identity.ts';

const arrival = { receivedAt: new Date('2026-03-01T12:00:00.000Z'), newEventId: () => 'made-here' };

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('u-1', 'a@x.io', '2026-01-01T00:00:00Z', '1.0', '\ud800', '__proto__'),
);
const value = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.jsonValue() },
  { weight: 1, arbitrary: fc.anything() },
);
const known = [
  ...[
    'userId',
    'email',
    'anonymousId',
    'previousId',
    'groupId',
    'event',
    'eventType',
    'eventId',
    'messageId',
    'timestamp',
  ],
  ...['originalTimestamp', 'sentAt', 'sessionId', 'properties', 'traits', 'context', 'name', 'category', 'type', 'id'],
  ...['source', 'specversion', 'time', 'data', 'data_base64', 'userid', 'traceparent'],
];
const part = fc.oneof(
  value,
  fc.dictionary(fc.constantFrom('email', 'traits', 'userId', 'sessionId', '__proto__'), value),
);
/** Items made of the fields that the formats know, and any other JSON. What JSON can't say is left out, as senders do. */
const item = fc.oneof(fc.dictionary(fc.constantFrom(...known), part), value).map((any): unknown => {
  try {
    return readJson(JSON.stringify(any) ?? 'null');
  } catch {
    return null;
  }
});

const mustHold = (translated: Translated): void => {
  if ('capture' in translated) {
    const { identifiers, activity } = translated.capture;
    expect(activitySchema.safeParse(activity).error).toBeUndefined();
    for (const identifier of identifiers) expect(identifierSchema.safeParse(identifier).error).toBeUndefined();
  } else if ('faults' in translated) {
    for (const { pointer, detail } of translated.faults) {
      expect(pointer === '' || pointer.startsWith('/')).toBe(true);
      expect(detail).not.toBe('');
    }
  }
};

describe('Whatever JSON comes', () => {
  it('in our own format is captured as facts can hold it, or refused', () => {
    fc.assert(fc.property(item, (any) => mustHold(fromNative(any, 'api', arrival))));
  });

  it('from a Segment client is captured as facts can hold it, or refused', () => {
    const envelope = item.filter(isObject);
    const call = fc.constantFrom(...segmentCalls);
    fc.assert(
      fc.property(call, item, envelope, (...[which, any, around]) =>
        mustHold(fromSegment(which, any, takenOver(around), arrival)),
      ),
    );
  });

  it('as a CloudEvent is captured as facts can hold it, or refused', () => {
    fc.assert(fc.property(item, (any) => mustHold(fromCloudEvent(any, arrival))));
  });

  it('as lines gives each line that is not blank a result', () => {
    const line = fc.oneof(
      fc.constantFrom('', ' ', '{', '{"anonymousId":"a","eventType":"x"}'),
      text,
      item.map((any) => JSON.stringify(any)),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const body = lines.join('\n');
        const results = linesOf(body).map((each) => translateLine(each, (any) => fromNative(any, 'batch', arrival)));
        results.forEach(mustHold);
        expect(results).toHaveLength(
          body.split('\n').filter((each) => each.replace(/^\uFEFF/, '').trim() !== '').length,
        );
      }),
    );
  });

  it('as the name of an event is snake-cased once and for all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        expect(snakeCase(snakeCase(name))).toBe(snakeCase(name));
      }),
    );
  });

  it('is translated fast: 5,000 items in under 200 ms of CPU', () => {
    const items = Array.from({ length: 5_000 }, (_, index) => ({
      userId: `u-${index}`,
      email: `u-${index}@x.io`,
      eventType: 'page_view',
      timestamp: '2026-01-01T00:00:00Z',
      properties: {
        url: `https://x.io/${index}`,
        title: 'Pricing',
        tags: ['a', 'b'],
        utm: { source: 'x', medium: 'y' },
      },
    }));
    const took = Array.from({ length: 5 }, () => {
      const began = process.cpuUsage();
      const translated = items.map((each) => fromNative(each, 'batch', arrival));
      expect(translated.every((each) => 'capture' in each)).toBe(true);
      const { user, system } = process.cpuUsage(began);
      return (user + system) / 1_000;
    });
    // Of several runs the fastest says what the code takes; the others say what else the machine did.
    expect(Math.min(...took)).toBeLessThan(200);
  });
});
