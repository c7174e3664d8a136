import type { Json } from '../../domain/lead/activity.ts';
import type { Identifier, Unresolved } from '../../domain/identity/identity.ts';
import { formerOf, normalized, ofUnknownKind, refusalOf } from '../../domain/identity/identity.ts';
import { kindOf } from '../http/words.ts';

/** A text that was read, or why it can't be taken; neither where there is none. */
type Text = { readonly text?: string; readonly fault?: string };

/** Why a text can't be kept as it is, or undefined. */
export const faultOfText = (text: string): string | undefined => {
  if (text.includes('\0') || !text.isWellFormed()) {
    return 'holds a NUL character or half a character (a lone surrogate); send proper text';
  }
  // What bytes become that are not UTF-8: different names would become one, and different people one lead.
  return text.includes('\uFFFD') ? 'holds a character that could not be read (U+FFFD); send UTF-8' : undefined;
};

/** A text of an item, without space around it. `lenient`: numbers are texts too, and a blank one is none. */
export const readText = (value: Json | undefined, lenient: boolean, max = Infinity): Text => {
  if (value === undefined || value === null) return {};
  const given = lenient && typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  if (typeof given !== 'string') return { fault: `must be text, is ${kindOf(given)}` };
  const text = given.trim();
  if (text === '' && lenient) return {};
  if (text === '') return { fault: 'is blank; give it a value or leave it out' };
  if (text.length > max) return { fault: `is ${text.length} characters long; at most ${max} are allowed` };
  const fault = faultOfText(text);
  return fault === undefined ? { text } : { fault };
};

/** An identifier and what it was recorded as before it had its normal form, or why there is none. */
export type ReadIdentifier = {
  readonly identifier?: Identifier;
  readonly former?: readonly Identifier[];
  readonly fault?: string | undefined;
};

/** The identifier of a kind that a value is, in its normal form. */
export const readIdentifier = (kind: Identifier['kind'], value: Json | undefined, lenient: boolean): ReadIdentifier => {
  const { text, fault } = readText(value, lenient);
  if (text === undefined) return { fault };
  const identifier = normalized({ kind, value: text });
  if (identifier.value === '' && lenient) return {};
  const refusal = refusalOf(identifier);
  return refusal === undefined ? { identifier, former: formerOf({ kind, value: text }) } : { fault: refusal };
};

/** What an id may lead to whose kind nobody says. */
export const readPreviousId = (
  value: Json | undefined,
  lenient: boolean,
): { readonly unresolved?: Unresolved; readonly fault?: string | undefined } => {
  const { text, fault } = readText(value, lenient);
  if (text === undefined) return { fault };
  // What identifies nobody as an anonymousId does so as nothing else.
  const refusal = refusalOf(normalized({ kind: 'anonymousId', value: text }));
  return refusal === undefined ? { unresolved: ofUnknownKind(text) } : { fault: refusal };
};
