const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const english = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });

/** The code in use, by one that is not any more or never was official: `GB` by `UK`, `FR` by `FX`. */
const inUse: ReadonlyMap<string, string> = new Map(
  letters.flatMap((first) =>
    letters.map((second) => [first + second, new Intl.Locale(`und-${first}${second}`).region ?? first + second]),
  ),
);

/** English names of countries, and what else they are called often, in lower case, with their codes (ISO 3166, two letters). */
const byName: ReadonlyMap<string, string> = new Map([
  ...letters
    .flatMap((first) => letters.map((second) => first + second))
    .flatMap((code): [string, string][] => {
      const name = english.of(code);
      return name === undefined ? [] : [[name.toLowerCase(), inUse.get(code) ?? code]];
    }),
  ...([
    ['usa', 'US'],
    ['united states of america', 'US'],
    ['uk', 'GB'],
    ['great britain', 'GB'],
    ['england', 'GB'],
  ] as const),
]);

/** The code of a country (ISO 3166, two letters) by its code or English name; undefined when it is neither. */
export const countryOf = (text: string): string | undefined => {
  const word = text.trim();
  const named = byName.get(word.toLowerCase());
  if (named !== undefined) return named;
  return inUse.get(word.toUpperCase());
};
