import { describe, expect, it } from 'vitest';
import { consentAfter, isUnsubscribed } from '../../src/domain/lead/consent.ts';
import { insightBecause, nextActionOf } from '../../src/domain/lead/insight.ts';

const lead = { qualified: false, unsubscribed: false, height: 0.3, risk: 'low' } as const;

describe('The next action', () => {
  it.each([
    [{}, 'invite'],
    [{ height: 0 }, 'nurture'],
    [{ height: 0.7 }, 'email'],
    [{ risk: 'high' }, 're-engage'],
    [{ qualified: true, risk: 'high' }, 'call'],
    [{ unsubscribed: true }, 'none'],
    [{ unsubscribed: true, height: 0.7 }, 'none'],
    [{ unsubscribed: true, height: 0 }, 'none'],
    [{ unsubscribed: true, risk: 'high' }, 'none'],
    [{ unsubscribed: true, qualified: true }, 'call'],
  ] as const)('of a lead that is %j is %s', (differs, action) => {
    expect(nextActionOf({ ...lead, ...differs })).toBe(action);
  });

  it('is explained, as is what it is made of', () => {
    const because = insightBecause(
      { ...lead, unsubscribed: true },
      { day: 1, week: 3, weekBefore: 0 },
      '2026-03-01T00:00:00.000Z',
    );
    expect(because).toEqual({
      velocity: '1 activity in the last 24 hours',
      risk: expect.stringContaining('2026-03-01T00:00:00.000Z'),
      trend: '3 activities in the last 7 days, 0 in the 7 days before',
      nextAction: 'It asked to hear no more, and is not qualified',
    });
  });
});

describe('Who is unsubscribed', () => {
  const said = (eventType: string, occurredAt: string, eventId = eventType) => ({ eventType, occurredAt, eventId });

  it.each(['unsubscribe', 'email_unsubscribed', 'opt_out', 'marked_as_spam'])('is who did %s last', (eventType) => {
    const out = consentAfter(undefined, said(eventType, '2'));
    expect(isUnsubscribed(out, {})).toBe(true);
    expect(isUnsubscribed(consentAfter(out, said('subscribed', '1')), {})).toBe(true);
    expect(isUnsubscribed(consentAfter(out, said('page_view', '3')), {})).toBe(true);
    expect(isUnsubscribed(consentAfter(out, said('resubscribe', '3')), {})).toBe(false);
  });

  it('is decided by the event id where two happen at once', () => {
    const [a, b] = [said('opt_out', '1', 'a'), said('opt_in', '1', 'b')];
    expect(consentAfter(consentAfter(undefined, a), b)).toEqual(consentAfter(consentAfter(undefined, b), a));
  });

  it('is who has the trait', () => {
    expect(isUnsubscribed(undefined, { unsubscribed: true })).toBe(true);
    expect(isUnsubscribed(undefined, { unsubscribed: false })).toBe(false);
    expect(isUnsubscribed(undefined, {})).toBe(false);
  });
});
