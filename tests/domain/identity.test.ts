import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Found, Root } from '../../src/domain/identity/identity.ts';
import { bySeniority, isBlocked, leadIdOf, normalized, refusalOf } from '../../src/domain/identity/identity.ts';
import { planLinks } from '../../src/domain/identity/link-plan.ts';
import { anonymousId, email, idOf, projectId, userId } from '../support/facts.ts';

const root = (name: string, userIds: readonly string[] = [], day = 1): Root => ({
  leadId: idOf(anonymousId(name)),
  capturedAt: `2026-01-0${day}T00:00:00.000Z`,
  userIds,
  identifiers: 1,
  emails: 0,
  merges: { leads: 0, depth: 0 },
});
const plan = (...found: [Found, ...Found[]]) => planLinks(projectId, found);
const [x, y] = [root('x'), root('y', [], 2)];
const reason = 'a lead has one userId at most';

describe('A lead id', () => {
  it('is the same for ever: it names a stream', () => {
    expect(leadIdOf('acme', userId('u1'))).toBe('e3929874-a2bf-5bb6-aba7-0b6106acf043');
  });

  it('differs by project, kind and value, and no two of these can be mistaken for others', () => {
    const ids = [
      leadIdOf('acme', userId('u1')),
      leadIdOf('other', userId('u1')),
      leadIdOf('acme', email('u1')),
      leadIdOf('acme', userId('u2')),
      leadIdOf('acme","userId', userId('u1')),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('An identifier', () => {
  it.each([
    ...['anonymous', 'guest', 'null', 'undefined', 'none', 'nan', 'true', 'false', 'id', 'email', 'distinct_id'],
    ...['not_authenticated', '-1', '0', '[object Object]', 'NULL', ' Guest ', '0000-0000', '---', '', '  '],
  ])('is blocked that many people share: %j', (value) => {
    expect(isBlocked(value)).toBe(true);
    expect(refusalOf(userId(value))).toContain('does not identify anybody');
  });

  it.each(['u1', '10', 'nobody', 'ids', '00000000-0000-0000-0000-000000000001', '-2'])(
    'is taken as it is: %j',
    (value) => {
      expect(refusalOf(userId(value))).toBeUndefined();
    },
  );

  it('is trimmed, and an e-mail address is in lower case', () => {
    expect(normalized(email(' Ada@Example.COM '))).toEqual(email('ada@example.com'));
    expect(normalized(userId(' Ada '))).toEqual(userId('Ada'));
  });

  it('has 256 characters at most, and an e-mail address has an @ between two parts', () => {
    expect(refusalOf(userId('u'.repeat(256)))).toBeUndefined();
    expect(refusalOf(userId('u'.repeat(257)))).toContain('257');
    for (const wrong of ['ada', 'ada@', '@b', 'a b@c', 'a@b@c']) expect(refusalOf(email(wrong))).toContain('e-mail');
  });
});

describe('A plan to link', () => {
  it('begins a lead with the strongest of identifiers that nobody used', () => {
    expect(plan({ identifier: userId(), root: undefined }, { identifier: email(), root: undefined })).toEqual({
      target: idOf(userId()),
      capture: userId(),
      link: [email()],
      merge: [],
      refused: [],
    });
  });

  it('goes to the strongest that has a lead', () => {
    expect(plan({ identifier: userId(), root: undefined }, { identifier: email(), root: x })).toEqual({
      target: x.leadId,
      capture: undefined,
      link: [userId()],
      merge: [],
      refused: [],
    });
    expect(plan({ identifier: email(), root: y }, { identifier: anonymousId(), root: undefined })).toMatchObject({
      target: y.leadId,
      link: [anonymousId()],
    });
  });

  it('merges the younger lead into the older', () => {
    expect(plan({ identifier: email(), root: y }, { identifier: anonymousId(), root: x })).toMatchObject({
      target: y.leadId,
      merge: [{ older: x, younger: y }],
    });
  });

  it('does nothing for identifiers of one lead', () => {
    const found: [Found, Found] = [
      { identifier: email(), root: x },
      { identifier: anonymousId(), root: x },
    ];
    expect(plan(...found)).toEqual({ target: x.leadId, capture: undefined, link: [], merge: [], refused: [] });
  });

  it('does not link an identifier to the lead on its own stream', () => {
    const own = root('a1');
    expect(plan({ identifier: userId(), root: own }, { identifier: anonymousId('a1'), root: undefined }).link).toEqual(
      [],
    );
  });

  it('refuses to join two userIds, noted or just named', () => {
    const [one, two] = [root('x', ['u1']), root('y', ['u2'])];
    expect(plan({ identifier: email(), root: one }, { identifier: anonymousId(), root: two })).toMatchObject({
      target: one.leadId,
      merge: [],
      refused: [{ identifier: anonymousId(), leadId: two.leadId, reason }],
    });
    expect(plan({ identifier: userId('u3'), root: undefined }, { identifier: email(), root: one })).toEqual({
      target: idOf(userId('u3')),
      capture: userId('u3'),
      link: [],
      merge: [],
      refused: [{ identifier: email(), leadId: one.leadId, reason }],
    });
  });

  it('passes over a lead of another userId for one that it may join', () => {
    const [taken, free] = [root('x', ['u1']), root('y')];
    const found: [Found, Found, Found] = [
      { identifier: userId('u2'), root: undefined },
      { identifier: email(), root: taken },
      { identifier: anonymousId(), root: free },
    ];
    expect(plan(...found)).toMatchObject({
      target: free.leadId,
      link: [userId('u2')],
      refused: [{ identifier: email() }],
    });
  });

  it('lets a lead that came to have two userIds join what brings no further one', () => {
    const both = root('x', ['u1', 'u2']);
    const joins = (a: Root, b: Root) =>
      plan({ identifier: email(), root: a }, { identifier: anonymousId(), root: b }).merge.length > 0;
    expect([joins(both, y), joins(y, both), joins(both, root('y', ['u2']))]).toEqual([true, true, true]);
    expect([joins(both, root('y', ['u3'])), joins(root('y', ['u3']), both)]).toEqual([false, false]);
    expect(plan({ identifier: email(), root: undefined }, { identifier: anonymousId(), root: both })).toMatchObject({
      target: both.leadId,
      link: [email()],
      refused: [],
    });
  });
});

const roots = fc.record({
  name: fc.constantFrom('x', 'y', 'z', 'w'),
  day: fc.integer({ min: 1, max: 3 }),
  userIds: fc.subarray(['u1', 'u2'], { maxLength: 1 }),
});
const rootsOnce = fc.uniqueArray(roots, { selector: ({ name }) => name, minLength: 1, maxLength: 4 });

describe('Any plan to link', () => {
  const found = rootsOnce.chain((all) =>
    fc.tuple(
      ...[userId('u1'), email(), anonymousId()].map((identifier) =>
        fc.record({
          identifier: fc.constant(identifier),
          root: fc.option(fc.constantFrom(...all.map(({ name, userIds, day }) => root(name, userIds, day))), {
            nil: undefined,
          }),
        }),
      ),
    ),
  );

  it('joins no two userIds, and goes to a lead that was found or to the strongest identifier’s own', () => {
    fc.assert(
      fc.property(found, fc.nat(2), (all, skipped) => {
        const [strongest, ...others] = all.slice(skipped);
        if (!strongest) return;
        // Two processes gave the userId's lead another one: that is joined already, and has a test of its own.
        fc.pre(strongest.identifier.kind !== 'userId' || !strongest.root?.userIds.includes('u2'));
        const { target, capture, link, merge, refused } = planLinks(projectId, [strongest, ...others]);
        const leads = all.slice(skipped).flatMap((each) => each.root ?? []);
        expect([...leads.map(({ leadId }) => leadId), idOf(strongest.identifier)]).toContain(target);
        expect(capture === undefined).toBe(leads.some(({ leadId }) => leadId === target));

        const merged = new Set(merge.flatMap(({ older, younger }) => [older.leadId, younger.leadId]));
        const joined = leads.filter(({ leadId }) => leadId === target || merged.has(leadId));
        const named = [strongest.identifier, ...link].filter(({ kind }) => kind === 'userId').map(({ value }) => value);
        const userIds = new Set([...named, ...joined.flatMap((each) => each.userIds)]);
        expect(userIds.size).toBeLessThanOrEqual(1);

        const done = [...link, ...refused.map(({ identifier }) => identifier)];
        expect(new Set(done).size).toBe(done.length);
        for (const { identifier, root: other } of all.slice(skipped)) {
          const there = other !== undefined && (other.leadId === target || merged.has(other.leadId));
          expect(there || done.includes(identifier) || identifier === capture).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('agrees on who is older: one of two, the same from both sides, and never in a circle', () => {
    fc.assert(
      fc.property(rootsOnce, (all) => {
        const leads = all.map(({ name, userIds, day }) => root(name, userIds, day));
        const isOlder = (a: Root, b: Root) => bySeniority(a, b).older === a;
        for (const a of leads) {
          for (const b of leads.filter((each) => each !== a)) {
            expect(isOlder(a, b)).toBe(!isOlder(b, a));
            for (const c of leads.filter((each) => each !== a && each !== b)) {
              if (isOlder(a, b) && isOlder(b, c)) expect(isOlder(a, c)).toBe(true);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
