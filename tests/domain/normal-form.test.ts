import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formerOf, normalized, ofUnknownKind, refusalOf } from '../../src/domain/identity/identity.ts';
import { formerForms, normalEmail, normalId } from '../../src/domain/identity/normal-form.ts';
import { anonymousId, email, userId } from '../support/facts.ts';

/** Zero-width: space, non-joiner, joiner, word joiner, byte order mark; soft hyphen; a mark of direction. */
const unseen = ['\u200B', '\u200C', '\u200D', '\u2060', '\uFEFF', '\u00AD', '\u200E'];

describe('An e-mail address', () => {
  it.each([
    ['composed or not', 'jose\u0301@example.com', 'jos\u00E9@example.com'],
    ['with a composed domain or not', 'ada@mu\u0308nchen.de', 'ada@m\u00FCnchen.de'],
    ['in capitals', 'ADA@M\u00DCNCHEN.DE', 'ada@m\u00FCnchen.de'],
    ['with a domain in Unicode or in ASCII', 'ada@m\u00FCnchen.de', 'ada@xn--mnchen-3ya.de'],
    ['with a domain of another script', 'ada@\u4F8B\u3048.\u30C6\u30B9\u30C8', 'ada@xn--r8jz45g.xn--zckzah'],
    ['with a full stop of another script', 'ada@example\u3002com', 'ada@example.com'],
    ['with mailto:', 'mailto:ada@example.com', 'ada@example.com'],
    ['with MailTo: and more', 'MailTo: Ada@Example.com?subject=Hello%20there', 'ada@example.com'],
    ['with mailto: twice', 'mailto:mailto:ada@example.com', 'ada@example.com'],
    ...unseen.map((mark) => [
      `with ${JSON.stringify(mark)}`,
      `${mark}a${mark}da@exam${mark}ple.com${mark}`,
      'ada@example.com',
    ]),
    ['with one in mailto:', 'mail\u200Bto:ada@example.com', 'ada@example.com'],
    ['in space', '\u00A0 ada@example.com\u3000', 'ada@example.com'],
  ])('is one and the same %s', (_, said, same) => {
    expect(normalized(email(said))).toEqual(normalized(email(same)));
    expect(refusalOf(normalized(email(said)))).toBeUndefined();
  });

  it.each([
    ['ada+news@example.com', 'ada@example.com'],
    ['a.da@example.com', 'ada@example.com'],
    ['ada@fa\u00DF.de', 'ada@fass.de'],
    ['ada@m\u00FCnchen.de/a', 'ada@m\u00FCnchen.de/b'],
    ['ada@m\u00FCnchen.de?a', 'ada@m\u00FCnchen.de'],
    ['ada@ex%61mple.com', 'ada@example.com'],
    ['jos\u00E9@example.com', 'jose@example.com'],
  ])('%s is another than %s', (one, other) => {
    expect(normalEmail(one)).not.toBe(normalEmail(other));
  });

  it('whose domain can be no name of a host is left as it is', () => {
    for (const said of ['ada@\u00FC:80', 'ada@xn--\u00FC', 'ada@[::1]', 'ada@\u00FC@'])
      expect(normalEmail(said)).toBe(said);
  });
});

describe('An id', () => {
  it('is the same however its letters are put together, and with what is not shown', () => {
    for (const kind of [userId, anonymousId]) {
      expect(normalized(kind('Jose\u0301'))).toEqual(kind('Jos\u00E9'));
      for (const mark of unseen) expect(normalized(kind(`${mark}u${mark}1 ${mark}`))).toEqual(kind('u1'));
      expect(normalized(kind('mailto:Ada@Example.com'))).toEqual(kind('mailto:Ada@Example.com'));
    }
  });

  it('that has nothing to be seen, or a blocked word in disguise, identifies nobody', () => {
    for (const said of ['\u200B\u200B', '\uFEFF', 'gu\u00ADest', 'nu\u200Dll'])
      expect(refusalOf(normalized(userId(said)))).toContain('does not identify anybody');
  });

  it('that is too long is refused without a look at it', () => {
    // Marks in the wrong order are what normalizing takes longest for.
    const long = `a${'\u0316\u0301'.repeat(2_000_000)}`;
    for (const kind of [userId, email, anonymousId])
      expect(refusalOf(normalized(kind(long)))).toContain('characters long');
    expect(formerOf(email(long))).toEqual([]);
  });
});

describe('Former forms', () => {
  it.each([
    ['email', 'ada@example.com', []],
    ['email', ' Ada@Example.com', []],
    ['email', 'mailto:Ada@example.com', ['mailto:ada@example.com']],
    ['email', 'ada@M\u00FCnchen.de', ['ada@m\u00FCnchen.de']],
    ['email', 'ada@xn--mnchen-3ya.de', ['ada@m\u00FCnchen.de']],
    ['email', 'a\u200Bda@example.com', ['a\u200Bda@example.com']],
    ['id', 'u1', []],
    ['id', 'Jose\u0301 ', ['Jose\u0301']],
    ['id', 'mailto:u1', []],
  ] as const)('of the %s %j are %j', (kind, said, expected) => {
    expect(formerForms(kind, said)).toEqual(expected);
  });
});

describe('An id of unknown kind', () => {
  it('is an e-mail address when it reads as one, else an anonymousId, unless it is known otherwise', () => {
    expect(ofUnknownKind('u1')).toEqual({ candidates: [userId('u1'), anonymousId('u1')], fallback: anonymousId('u1') });
    expect(ofUnknownKind('mailto:Ada@example.com')).toEqual({
      candidates: [
        userId('mailto:Ada@example.com'),
        email('ada@example.com'),
        email('mailto:ada@example.com'),
        anonymousId('mailto:Ada@example.com'),
      ],
      fallback: email('ada@example.com'),
    });
  });
});

describe('Any text', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(
      ...unseen,
      'mailto:',
      ' ',
      '@',
      '.',
      '?',
      'xn--',
      '\u0301',
      '\u0130',
      '\u00DF',
      '\u212A',
      '\uFF0E',
      'M\u00FC',
      'a',
    ),
  );
  const text = fc.array(part, { maxLength: 12 }).map((parts) => parts.join(''));

  it('has one normal form, of which that is the normal form', () => {
    fc.assert(
      fc.property(text, (said) => {
        for (const normal of [normalId, normalEmail]) expect(normal(normal(said))).toBe(normal(said));
      }),
      { numRuns: 2_000 },
    );
  });

  it('has the same with marks that are not shown, and when it is put together otherwise', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(...unseen), fc.nat(20), (said, mark, at) => {
        const characters = [...said];
        const marked = characters.toSpliced(at, 0, mark).join('');
        for (const normal of [normalId, normalEmail]) {
          expect(normal(marked)).toBe(normal(said));
          expect(normal(said.normalize('NFD'))).toBe(normal(said));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('of plain letters is as it was', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9._+-]{1,20}@[a-z0-9.-]{1,20}$/), (said) => {
        expect({ normalId: normalId(said), normalEmail: normalEmail(said) }).toEqual({
          normalId: said,
          normalEmail: said,
        });
      }),
    );
  });

  it('is found under the form that it had before', () => {
    fc.assert(
      fc.property(text, (said) => {
        const [id, address] = [said.trim(), said.trim().toLowerCase()];
        expect([normalId(said), ...formerForms('id', said)]).toContain(id);
        expect([normalEmail(said), ...formerForms('email', said)]).toContain(address);
      }),
      { numRuns: 1_000 },
    );
  });
});
