import { expect, it } from 'vitest';
import { countryOf } from '../../src/domain/country.ts';

it.each([
  ['fr', 'FR'],
  ['France', 'FR'],
  ['FX', 'FR'],
  ['GERMANY', 'DE'],
  [' United States ', 'US'],
  ['USA', 'US'],
  ['uk', 'GB'],
  ['de', 'DE'],
  ['United Kingdom', 'GB'],
  ['Vietnam', 'VN'],
  ['Atlantis', undefined],
  ['', undefined],
])('%s is the country %s', (text, code) => {
  expect(countryOf(text)).toBe(code);
});

it('every code in use has a name that leads back to it', () => {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  const used = codes.filter((code) => names.of(code) !== undefined && new Intl.Locale(`und-${code}`).region === code);
  expect(used.length).toBeGreaterThan(240);
  for (const code of used) expect(countryOf(names.of(code) ?? '')).toBe(code);
});
