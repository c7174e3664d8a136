import { describe, expect, it } from 'vitest';
import type { Found, Root } from '../../src/domain/identity.ts';
import { leadLimits } from '../../src/domain/lead-limits.ts';
import { planLinks } from '../../src/domain/link-plan.ts';
import { anonymousId, email, idOf, projectId, userId } from '../support/facts.ts';

const root = (name: string, more: Partial<Root> = {}): Root => ({
  ...{ leadId: idOf(anonymousId(name)), capturedAt: '2026-01-01T00:00:00.000Z', userIds: [], identifiers: 1 },
  ...{ merges: { leads: 0, depth: 0 } },
  ...more,
});
const younger = (name: string, more: Partial<Root> = {}): Root =>
  root(name, { capturedAt: '2026-01-02T00:00:00.000Z', ...more });
const plan = (...found: [Found, ...Found[]]) => planLinks(projectId, found);
const unused = (identifier: Found['identifier']): Found => ({ identifier, root: undefined });

const { identifiers, mergedLeads, mergeDepth } = leadLimits;

describe('A lead with as many identifiers as one may have', () => {
  it('gets the last one, and none after it', () => {
    const room = root('x', { identifiers: identifiers - 1 });
    const full = root('x', { identifiers });
    expect(plan({ identifier: userId(), root: room }, unused(email()), unused(anonymousId()))).toMatchObject({
      ...{ target: room.leadId, link: [email()] },
      refused: [{ identifier: anonymousId(), leadId: idOf(anonymousId()), limit: 'identifiers' }],
    });
    expect(plan({ identifier: userId(), root: full }, unused(email()))).toMatchObject({
      ...{ target: full.leadId, link: [] },
      refused: [{ identifier: email(), leadId: idOf(email()), limit: 'identifiers' }],
    });
  });

  it('leaves the activity of an unused stronger identifier to a lead of its own', () => {
    const full = root('x', { identifiers });
    expect(plan(unused(userId()), { identifier: email(), root: full }, unused(anonymousId()))).toMatchObject({
      ...{ target: idOf(userId()), capture: userId(), link: [anonymousId()], merge: [] },
      refused: [{ identifier: email(), leadId: full.leadId, limit: 'identifiers' }],
    });
  });

  it('counts what is being linked to it elsewhere', () => {
    const found: [Found, Found] = [{ identifier: userId(), root: root('x', { identifiers: 10 }) }, unused(email())];
    const withMore = (more: number) => planLinks(projectId, found, () => ({ identifiers: more, leads: 0 })).link;
    expect([withMore(identifiers - 11), withMore(identifiers - 10)]).toEqual([[email()], []]);
  });
});

describe('Two leads', () => {
  it.each<[string, Partial<Root>, Partial<Root>, string | undefined]>([
    ['identifiers', { identifiers: identifiers - 5 }, { identifiers: 5 }, undefined],
    ['identifiers', { identifiers: identifiers - 5 }, { identifiers: 6 }, 'identifiers'],
    ['identifiers', { identifiers: 6 }, { identifiers: identifiers - 5 }, 'identifiers'],
    ['merged leads', { merges: { leads: mergedLeads - 3, depth: 1 } }, { merges: { leads: 2, depth: 1 } }, undefined],
    [
      'merged leads',
      { merges: { leads: mergedLeads - 3, depth: 1 } },
      { merges: { leads: 3, depth: 1 } },
      'mergedLeads',
    ],
    [
      'merged leads',
      { merges: { leads: 3, depth: 1 } },
      { merges: { leads: mergedLeads - 3, depth: 1 } },
      'mergedLeads',
    ],
    ['depth', {}, { merges: { leads: 60, depth: mergeDepth - 1 } }, undefined],
    ['depth', {}, { merges: { leads: 60, depth: mergeDepth } }, 'mergeDepth'],
    ['depth', { merges: { leads: 60, depth: mergeDepth } }, {}, undefined],
  ])('are merged as far as their %s allow', (_, older, young, limit) => {
    const [a, b] = [root('x', older), younger('y', young)];
    for (const [first, second] of [[a, b] as const, [b, a] as const]) {
      const planned = plan({ identifier: userId(), root: first }, { identifier: email(), root: second });
      const refused = [{ identifier: email(), leadId: second.leadId, limit }];
      expect(planned).toMatchObject(
        limit === undefined
          ? { target: first.leadId, merge: [{ older: a, younger: b }], refused: [] }
          : { target: first.leadId, merge: [], refused },
      );
    }
  });

  it('that are larger than that already go on being found, and take no more', () => {
    const huge = root('x', { identifiers: 4 * identifiers, merges: { leads: 900, depth: 600 } });
    expect(plan({ identifier: userId(), root: huge }, { identifier: email(), root: huge })).toMatchObject({
      ...{ target: huge.leadId, link: [], merge: [], refused: [] },
    });
    expect(plan({ identifier: userId(), root: huge }, { identifier: email(), root: younger('y') })).toMatchObject({
      ...{ target: huge.leadId, merge: [], refused: [{ identifier: email() }] },
    });
  });
});

describe('A second userId', () => {
  const reason = 'a lead has one userId at most';

  it('of which its lead has not noted yet is not joined with the first', () => {
    const [one, two] = [root('x'), younger('y')];
    expect(
      plan({ identifier: userId('u2'), root: two }, { identifier: userId('u1'), root: one }, unused(email())),
    ).toEqual({
      ...{ target: two.leadId, capture: undefined, link: [email()], merge: [] },
      refused: [{ identifier: userId('u1'), leadId: one.leadId, reason }],
    });
    expect(plan(unused(userId('u2')), { identifier: userId('u1'), root: one })).toMatchObject({
      ...{ target: idOf(userId('u2')), capture: userId('u2'), refused: [{ identifier: userId('u1'), reason }] },
    });
  });

  it('that nobody used is not linked either', () => {
    expect(plan({ identifier: userId('u2'), root: root('x') }, unused(userId('u1')))).toMatchObject({
      ...{ link: [], refused: [{ identifier: userId('u1'), leadId: idOf(userId('u1')), reason }] },
    });
  });

  it('is none when it was recorded in another form', () => {
    const before = root('x', { userIds: ['u1'] });
    expect(plan(unused(userId('u1')), { identifier: userId('u\u200B1'), root: before })).toMatchObject({
      ...{ target: before.leadId, link: [userId('u1')], refused: [] },
    });
  });
});
