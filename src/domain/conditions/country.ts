import codes from 'i18n-iso-countries/codes.json' with { type: 'json' };
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' };
import { otherCodes, otherNames } from './country-names.ts';

/** The longest text that may be a country, in characters: nothing is looked up that is longer. */
const longestName = 128;

const plainWords = (name: string): string =>
  name
    .normalize('NFD')
    .replaceAll(/[\p{M}.'’`]/gu, '')
    .replaceAll('&', ' and ')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .replace(/^the /, '')
    .replace(/^st /, 'saint ');

/** A name without what people write in different ways: case, accents, "the", "&", dots and other marks. */
const plain = (name: string): string => {
  const word = name.trim().toLowerCase();
  return /^[a-z]+$/.test(word) ? word : plainWords(word);
};

/** Names that a text is given under: as ISO has them, as Unicode has them, and as people have them. */
const namesOf = (code: string, unicode: Intl.DisplayNames): readonly string[] => {
  const names: Readonly<Record<string, string | readonly string[]>> = english.countries;
  return [names[code] ?? [], unicode.of(code) ?? [], otherNames[code] ?? []].flat();
};

/** The code of each country in use, by everything that it is known by; what is known of two stands for the first. */
const allKnown = (): ReadonlyMap<string, string> => {
  const unicode = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const found = new Map<string, string>();
  const add = (text: string, code: string): void => {
    // Also as it is, so that of what most people say nothing else needs to be made.
    for (const name of [plain(text), text]) if (!found.has(name)) found.set(name, code);
  };
  for (const [two = '', three = ''] of codes) for (const text of [two, three]) add(text, two);
  for (const [code, now] of Object.entries(otherCodes)) add(code, now);
  for (const [two = ''] of codes) for (const name of namesOf(two, unicode)) add(name, two);
  return found;
};

/** Made for whoever asks first: it takes longer than all else of the domain when a process or a thread starts, and most never ask. */
const knownOnceAsked = () => {
  let made: ReadonlyMap<string, string> | undefined;
  return () => (made ??= allKnown());
};
const known = knownOnceAsked();

/**
 * The code of a country (ISO 3166, two letters) by its code of two or three letters, its English name, or what else it is
 * called often; undefined when nothing of the kind is known.
 */
export const countryOf = (text: string): string | undefined =>
  text.length > longestName ? undefined : (known().get(text) ?? known().get(plain(text)));
