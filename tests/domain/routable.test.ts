import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/domain/lead/activity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { routable } from '../../src/domain/routing/routable.ts';
import { noRules } from '../../src/domain/routing/routing-rules.ts';
import { activity, activityRecorded, email, identifierAdded, leadCaptured } from '../support/facts.ts';

const said = (traits: JsonObject, ...addresses: readonly string[]) =>
  [
    leadCaptured(),
    ...addresses.map((address) => identifierAdded({ identifier: email(address) })),
    activityRecorded(activity({ traits })),
  ].reduce(lead.evolve, lead.initial);

describe('What a decision looks at in a lead', () => {
  it.each<[JsonObject, string | undefined]>([
    [{ country: 'Turkey' }, 'TR'],
    [{ countryCode: 'tur' }, 'TR'],
    [{ address: { country: 'Czech Republic' } }, 'CZ'],
    [{ country: 'US', address: { country: 'DE' } }, 'US'],
    [{ address: 'Main Street, DE' }, undefined],
    [{ address: null }, undefined],
    [{ country: 'Mordor' }, 'MORDOR'],
    [{ country: 7 }, undefined],
  ])('is the country of %j: %s', (traits, country) => {
    expect(routable(said(traits), noRules).country).toBe(country);
  });

  it.each<[JsonObject, string | undefined]>([
    [{ language: 'German' }, 'de'],
    [{ locale: 'de_AT' }, 'de'],
    [{ language: 'deu' }, 'de'],
    [{ language: 'Elvish' }, 'elvish'],
    [{}, undefined],
  ])('is the language of %j: %s', (traits, language) => {
    expect(routable(said(traits), noRules).language).toBe(language);
  });

  it('has the address whichever way it came', () => {
    const [asTrait, asIdentifier] = [said({ email: 'Ada@example.com' }), said({}, 'ada@example.com')];
    expect(routable(asTrait, noRules).facts['profile']).toEqual({ email: 'Ada@example.com' });
    expect(routable(asIdentifier, noRules).facts['profile']).toEqual({ email: 'ada@example.com' });
    expect(routable(said({ plan: 'pro' }, 'b@example.com', 'a@example.com'), noRules).facts['profile']).toEqual({
      plan: 'pro',
      email: 'a@example.com',
    });
    expect(routable(said({}), noRules).facts['profile']).toEqual({});
  });

  it.each([
    ['ada@seznam.cz', undefined],
    ['ada@siemens.com', 'siemens.com'],
    ['ada@mail.example', undefined],
  ])('is the company of %s: %s', (address, domain) => {
    const rules = { ...noRules, freeMailDomains: ['mail.example'] };
    expect(routable(said({}, address), rules).domain).toBe(domain);
  });
});
