import type { Json, JsonObject } from '../../domain/lead/activity.ts';
import type { Warning } from './item.ts';
import { leftOut } from './item.ts';
import { firstOf, heldBy, isEmptyList, isObject } from './json.ts';
import { kindOf } from '../http/words.ts';

/** How large the context of an activity may be, as JSON in UTF-8, in bytes. */
export const contextBytes = 8 * 1024;

/** What is kept of the context in which somebody did something; first what says more, where there is no room for all. */
const parts = [
  ['campaign', 'an object'],
  ['page', 'an object'],
  ['locale', 'a text'],
  ['timezone', 'a text'],
  ['library', 'an object'],
  ['ip', 'a text'],
  ['userAgent', 'a text'],
] as const;

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

/** Whether a part says nothing, as many senders leave it. */
const isEmpty = (value: Json): boolean =>
  isEmptyList(value) ||
  (typeof value === 'string' ? value.trim() === '' : isObject(value) && Object.keys(value).length === 0);

const faultOf = (value: Json, kind: (typeof parts)[number][1]): string | undefined => {
  const isKind = kind === 'a text' ? typeof value === 'string' : isObject(value);
  if (!isKind) return `must be ${kind}, is ${kindOf(value)}`;
  return isObject(value) ? heldBy(value).fault : undefined;
};

/** What is kept of a context, if anything, and what to tell of the parts that are not. */
type Kept = { readonly context: JsonObject | undefined; readonly warnings: readonly Warning[] };

/**
 * The context of an activity, of what `said` gives by name. A part that is of another kind, that properties could not hold
 * either, or for which there is no room is left out: the activity counts without it.
 */
export const keptContext = (said: (name: string) => Json | undefined): Kept => {
  const kept: [string, Json][] = [];
  const warnings: Warning[] = [];
  let bytes = 1;
  for (const [name, kind] of parts) {
    const value = firstOf(said(name));
    if (value === undefined || isEmpty(value)) continue;
    // The quotes of the name, a colon, and a comma or the brace at the end.
    const more = name.length + bytesOf(value) + 4;
    const noRoom = `makes the context longer than the ${contextBytes} bytes that there are for it`;
    const fault = faultOf(value, kind) ?? (bytes + more > contextBytes ? noRoom : undefined);
    if (fault === undefined) {
      bytes += more;
      kept.push([name, value]);
    } else {
      warnings.push(leftOut(`/context/${name}`, fault));
    }
  }
  return { context: kept.length === 0 ? undefined : Object.fromEntries(kept), warnings };
};
