import { expect, it } from 'vitest';
import { countryOf } from '../../src/domain/conditions/country.ts';

it.each([
  ['fr', 'FR'],
  ['France', 'FR'],
  ['FX', 'FR'],
  ['GERMANY', 'DE'],
  [' United States ', 'US'],
  ['USA', 'US'],
  ['U.S.', 'US'],
  ['the United States of America', 'US'],
  ['uk', 'GB'],
  ['U.K.', 'GB'],
  ['gbr', 'GB'],
  ['de', 'DE'],
  ['DEU', 'DE'],
  ['Deutschland', 'DE'],
  ['United Kingdom', 'GB'],
  ['Vietnam', 'VN'],
  ['Viet Nam', 'VN'],
  ['Turkey', 'TR'],
  ['Türkiye', 'TR'],
  ['turkiye', 'TR'],
  ['Czech Republic', 'CZ'],
  ['Czechia', 'CZ'],
  ['Ivory Coast', 'CI'],
  ['Côte d’Ivoire', 'CI'],
  ["COTE D'IVOIRE", 'CI'],
  ['Russian Federation', 'RU'],
  ['South Korea', 'KR'],
  ['Korea, Republic of', 'KR'],
  ['Hong Kong SAR China', 'HK'],
  ['Holland', 'NL'],
  ['The Netherlands', 'NL'],
  ['Bosnia & Herzegovina', 'BA'],
  ['St. Lucia', 'LC'],
  ['Saint Lucia', 'LC'],
  ['Swaziland', 'SZ'],
  ['Macedonia', 'MK'],
  ['Kosovo', 'XK'],
  ['Burma', 'MM'],
  ['CAN', 'CA'],
  ['Atlantis', undefined],
  ['Mordor', undefined],
  ['ZZ', undefined],
  ['EMEA', undefined],
  ['', undefined],
  [' ', undefined],
  ['the', undefined],
  ['__proto__', undefined],
  ['constructor', undefined],
  [`${' '.repeat(200)}France`, undefined],
])('%s is the country %s', (text, code) => {
  expect(countryOf(text)).toBe(code);
});

it('every code of two letters is found again by its name in Unicode, and by itself in small letters', () => {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const codes = letters.flatMap((first) => letters.map((second) => first + second));
  const used = codes.filter((code) => countryOf(code) === code);
  expect(used.length).toBeGreaterThan(240);
  for (const code of used) {
    expect(countryOf(code.toLowerCase())).toBe(code);
    expect(countryOf(names.of(code) ?? '')).toBe(code);
  }
});

it('no text costs more than a short one', () => {
  const begun = process.cpuUsage();
  for (let n = 0; n < 1_000; n++) countryOf('ÀÉ. '.repeat(10_000) + String(n));
  expect(process.cpuUsage(begun).user / 1_000).toBeLessThan(200);
});
