import type { Json, JsonObject } from '../domain/lead/activity.ts';
import type { Identifier } from '../domain/identity/identity.ts';

/** By how many words a lead is found at most, and by how many values of its profile. */
const most = { words: 200, values: 500 } as const;

/** The longest text that is found, in characters. */
const longest = 256;

/** What is searched of a lead. */
export type Searched = {
  readonly identifiers: readonly Identifier[];
  readonly profile: JsonObject;
  readonly sources: readonly string[];
  /** 1 when the score reaches the qualification threshold, else 0. */
  readonly qualified: number;
};

// What people search for is trimmed, so nothing of it begins with a blank; and no JSON list is the beginning of another.
const marked = (...parts: readonly string[]): string => ` ${JSON.stringify(parts)}`;

const folded = (value: string): string => value.trim().toLowerCase();

/** The term of leads whose trait, a path of names with dots, has this value: case and surrounding blanks don't count. */
export const traitTerm = (trait: string, value: string): string => marked('profile', trait, folded(value));

/** The term of leads some of whose activities came in by this source. */
export const sourceTerm = (source: string): string => marked('source', source);

/** The term of leads whose score reaches the qualification threshold, or does not. */
export const qualifiedTerm = (qualified: boolean): string => marked('qualified', String(qualified));

/** The plain values in a trait with the paths to them; the members of a list share its path. */
const valuesIn = function* (path: string, value: Json): Iterable<readonly [string, string]> {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') yield [path, String(value)];
  else if (Array.isArray(value)) for (const each of value) yield* valuesIn(path, each);
  else if (value !== null) for (const [name, each] of Object.entries(value)) yield* valuesIn(`${path}.${name}`, each);
};

const traitTermsOf = function* (profile: JsonObject): Iterable<string> {
  let left: number = most.values;
  for (const [trait, value] of Object.entries(profile)) {
    for (const [path, text] of valuesIn(trait, value)) {
      if (left === 0) return;
      left -= 1;
      if (text.length <= longest) yield traitTerm(path, text);
    }
  }
};

const wordsOf = (text: string): readonly string[] => {
  const lower = folded(text);
  return [lower, ...lower.split(/[^\p{L}\p{N}]+/u)].filter((word) => word !== '');
};

const textsOf = function* ({ identifiers, profile }: Searched): Iterable<string> {
  for (const { value } of identifiers) yield value;
  for (const value of Object.values(profile)) if (typeof value === 'string') yield value;
};

const wordTermsOf = (lead: Searched): ReadonlySet<string> => {
  const words = new Set<string>();
  for (const text of textsOf(lead)) {
    for (const word of wordsOf(text.slice(0, longest))) {
      if (words.size === most.words) return words;
      words.add(word);
    }
  }
  return words;
};

/**
 * What a lead is found by: its identifiers and the texts of its profile, whole and word by word, in lower case; and, as
 * terms that no search begins like, the values of its profile, its sources, and whether it is qualified.
 */
export const termsOf = (lead: Searched): string[] => [
  ...new Set([
    qualifiedTerm(lead.qualified === 1),
    ...lead.sources.map(sourceTerm),
    ...traitTermsOf(lead.profile),
    ...wordTermsOf(lead),
  ]),
];
