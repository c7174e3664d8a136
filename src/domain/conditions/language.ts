/** ISO 639-1, with what is not in use any more and still said. */
const codes =
  'aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es ' +
  'et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io is it iu iw ja ji jv ka ' +
  'kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl ' +
  'nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ' +
  'ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu';

/** Characters that a tag or a name of a language has at most: nothing is looked up that is longer. */
const longest = 64;

const english = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
const inUse = (code: string): string => new Intl.Locale(code).language;

/** The code in use of each language of ISO 639-1, by its codes and its English name in small letters. */
const known: ReadonlyMap<string, string> = new Map(
  codes.split(' ').flatMap((code): [string, string][] => {
    const now = inUse(code);
    return [
      [code, now],
      [english.of(code)?.toLowerCase() ?? code, now],
    ];
  }),
);

/** The main part of a tag, in small letters: `de` of `de-AT` and of `de_AT.UTF-8`. */
const mainPart = (tag: string): string => /^[^-_.@]*/.exec(tag.trim().toLowerCase())?.[0] ?? '';

/** The language of a tag that somebody saved, such as `de` of `de-AT`. */
export const languageIn = (tag: string): string => {
  const part = mainPart(tag);
  return known.get(part) ?? part;
};

/**
 * The language of a tag (BCP 47) or of an English name: `de` of `de-AT`, of `deu` and of `German`; undefined when nothing of the
 * kind is known.
 */
export const languageOf = (text: string): string | undefined => {
  if (text.length > longest) return undefined;
  const part = mainPart(text);
  const found = known.get(part);
  if (found !== undefined || !/^[a-z]{3}$/.test(part)) return found;
  return english.of(part) === undefined && inUse(part) === part ? undefined : inUse(part);
};

/** The tag of a language as it is kept: `de-AT` of `de_at`. Undefined for anything else, such as a name. */
export const languageTag = (text: string): string | undefined => {
  const tag = text.trim().replaceAll('_', '-');
  if (!/^[a-z]{2,3}(?:-[a-z0-9]{2,8}){0,4}$/i.test(tag) || languageOf(tag) === undefined) return undefined;
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
