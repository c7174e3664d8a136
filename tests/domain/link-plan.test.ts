import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Found, Root } from '../../src/domain/identity/identity.ts';
import { leadLimits } from '../../src/domain/lead/lead-limits.ts';
import { planLinks } from '../../src/domain/identity/link-plan.ts';
import { anonymousId, email, idOf, projectId, userId } from '../support/facts.ts';

const root = (name: string, more: Partial<Root> = {}): Root => ({
  leadId: idOf(anonymousId(name)),
  capturedAt: '2026-01-01T00:00:00.000Z',
  userIds: [],
  identifiers: 1,
  emails: 0,
  merges: { leads: 0, depth: 0 },
  ...more,
});
const younger = (name: string, more: Partial<Root> = {}): Root =>
  root(name, { capturedAt: '2026-01-02T00:00:00.000Z', ...more });
const plan = (...found: [Found, ...Found[]]) => planLinks(projectId, found);
const unused = (identifier: Found['identifier']): Found => ({ identifier, root: undefined });

const { identifiers, mergedLeads, mergeDepth, emailsOfDevice } = leadLimits;

describe('A lead with as many identifiers as one may have', () => {
  it('gets the last one, and none after it', () => {
    const room = root('x', { identifiers: identifiers - 1 });
    const full = root('x', { identifiers });
    expect(plan({ identifier: userId(), root: room }, unused(email()), unused(anonymousId()))).toMatchObject({
      target: room.leadId,
      link: [email()],
      refused: [{ identifier: anonymousId(), leadId: idOf(anonymousId()), limit: 'identifiers' }],
    });
    expect(plan({ identifier: userId(), root: full }, unused(email()))).toMatchObject({
      target: full.leadId,
      link: [],
      refused: [{ identifier: email(), leadId: idOf(email()), limit: 'identifiers' }],
    });
  });

  it('leaves the activity of an unused stronger identifier to a lead of its own', () => {
    const full = root('x', { identifiers });
    expect(plan(unused(userId()), { identifier: email(), root: full }, unused(anonymousId()))).toMatchObject({
      target: idOf(userId()),
      capture: userId(),
      link: [anonymousId()],
      merge: [],
      refused: [{ identifier: email(), leadId: full.leadId, limit: 'identifiers' }],
    });
  });

  it('counts what is being linked to it elsewhere', () => {
    const found: [Found, Found] = [{ identifier: userId(), root: root('x', { identifiers: 10 }) }, unused(email())];
    const withMore = (more: number) =>
      planLinks(projectId, found, () => ({ identifiers: more, emails: 0, leads: 0 })).link;
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
      target: huge.leadId,
      link: [],
      merge: [],
      refused: [],
    });
    expect(plan({ identifier: userId(), root: huge }, { identifier: email(), root: younger('y') })).toMatchObject({
      target: huge.leadId,
      merge: [],
      refused: [{ identifier: email() }],
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
      target: two.leadId,
      capture: undefined,
      link: [email()],
      merge: [],
      refused: [{ identifier: userId('u1'), leadId: one.leadId, reason }],
    });
    expect(plan(unused(userId('u2')), { identifier: userId('u1'), root: one })).toMatchObject({
      target: idOf(userId('u2')),
      capture: userId('u2'),
      refused: [{ identifier: userId('u1'), reason }],
    });
  });

  it('that nobody used is not linked either', () => {
    expect(plan({ identifier: userId('u2'), root: root('x') }, unused(userId('u1')))).toMatchObject({
      link: [],
      refused: [{ identifier: userId('u1'), leadId: idOf(userId('u1')), reason }],
    });
  });

  it('is none when it was recorded in another form', () => {
    const before = root('x', { userIds: ['u1'] });
    expect(plan(unused(userId('u1')), { identifier: userId('u\u200B1'), root: before })).toMatchObject({
      target: before.leadId,
      link: [userId('u1')],
      refused: [],
    });
  });
});

describe('An anonymousId that brings e-mail addresses together', () => {
  const device = (emails: number): Found => ({ identifier: anonymousId(), root: root('x', { emails }) });
  const mail = (emails: number): Found => ({ identifier: email(), root: younger('y', { emails }) });
  const stays = { identifier: anonymousId(), leadId: idOf(anonymousId('x')), limit: 'sharedDevice' };

  it('does so for as many as one person may have, and for none after them', () => {
    const [some, all] = [device(emailsOfDevice - 1), device(emailsOfDevice)];
    expect(plan(unused(email()), some)).toMatchObject({ target: some.root?.leadId, link: [email()], refused: [] });
    expect(plan(unused(email()), all)).toMatchObject({
      target: idOf(email()),
      capture: email(),
      link: [],
      merge: [],
      refused: [stays],
    });
    expect(plan(mail(1), some)).toMatchObject({ merge: [{ younger: { leadId: mail(1).root?.leadId } }], refused: [] });
    expect(plan(mail(1), all)).toMatchObject({ target: mail(1).root?.leadId, merge: [], refused: [stays] });
    expect(plan(mail(2), some)).toMatchObject({ merge: [], refused: [stays] });
  });

  it('does not for a userId that comes with a further address either', () => {
    expect(plan(unused(userId()), unused(email()), device(emailsOfDevice))).toMatchObject({
      target: idOf(userId()),
      capture: userId(),
      link: [email()],
      refused: [stays],
    });
    const known = { identifier: userId(), root: younger('z', { emails: emailsOfDevice - 1 }) };
    expect(plan(known, unused(email()), device(1))).toMatchObject({ link: [email()], merge: [], refused: [stays] });
  });

  it('leads to the lead that it led to: an address of that lead, or none, is none too many', () => {
    const full = device(emailsOfDevice + 3);
    const nothingToDo = { target: full.root?.leadId, link: [], merge: [], refused: [] };
    expect(plan(full)).toMatchObject(nothingToDo);
    expect(plan({ ...full, identifier: email() }, full)).toMatchObject(nothingToDo);
    expect(plan(unused(userId()), full)).toMatchObject({ target: full.root?.leadId, link: [userId()], refused: [] });
  });

  it('is no matter where a userId or an address brings them together', () => {
    const many = { identifier: userId(), root: root('x', { emails: 20 }) };
    expect(plan(many, unused(email()), unused(anonymousId()))).toMatchObject({
      target: many.root.leadId,
      link: [email(), anonymousId()],
      refused: [],
    });
    expect(plan(many, mail(20))).toMatchObject({ merge: [{ older: many.root }], refused: [] });
  });

  it('counts what is being linked to its lead elsewhere', () => {
    const withMore = (more: number) =>
      planLinks(projectId, [unused(email()), device(1)], () => ({ identifiers: more, emails: more, leads: 0 })).link;
    expect([withMore(emailsOfDevice - 2), withMore(emailsOfDevice - 1)]).toEqual([[email()], []]);
  });

  it('never has a lead get more of them by it, whatever comes in whichever order', () => {
    const known = fc.record({ emails: fc.nat(8), older: fc.boolean() });
    const some = fc.option(known, { nil: undefined });
    fc.assert(
      fc.property(some, some, fc.boolean(), (mailed, devices, named) => {
        const lead = (name: string, at: typeof mailed) =>
          at && (at.older ? root : younger)(name, { emails: at.emails });
        const its: Found = { identifier: email(), root: lead('y', mailed && { ...mailed, emails: mailed.emails + 1 }) };
        const on: Found = { identifier: anonymousId(), root: lead('x', devices) };
        const { target, link, merge, refused } = named ? plan(unused(userId()), its, on) : plan(its, on);
        const before = [its.root?.emails ?? 1, on.root?.emails ?? 0] as const;
        const joined =
          on.root && (merge.length > 0 || (target === on.root.leadId && link.some(({ kind }) => kind === 'email')));
        if (joined) expect(before[0] + before[1]).toBeLessThanOrEqual(Math.max(emailsOfDevice, before[0]));
        expect(refused.length > 0).toBe(before[1] > 0 && before[0] + before[1] > emailsOfDevice);
      }),
      { numRuns: 500 },
    );
  });
});
