import type { Json, JsonObject } from '../../domain/lead/activity.ts';
import { heldBy, isObject } from './json.ts';

/** How large the context of an activity may be, as JSON in UTF-8, in bytes. */
export const contextBytes = 8 * 1024;

const isText = (value: Json | undefined): value is string => typeof value === 'string' && value.trim() !== '';
const isFilled = (value: Json | undefined): value is JsonObject => isObject(value) && Object.keys(value).length > 0;

/** What is kept of the context in which somebody did something; first what says more, where there is no room for all. */
const parts = [
  ['campaign', isFilled],
  ['page', isFilled],
  ['locale', isText],
  ['timezone', isText],
  ['library', isFilled],
  ['ip', isText],
  ['userAgent', isText],
] as const;

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value));

/**
 * The context of an activity, of what `said` gives by name; undefined when nothing of it is kept. A part that is of another kind,
 * that properties could not hold either, or for which there is no room is left out: the activity counts without it.
 */
export const keptContext = (said: (name: string) => Json | undefined): JsonObject | undefined => {
  const kept: [string, Json][] = [];
  let bytes = 1;
  for (const [name, isKind] of parts) {
    const value = said(name);
    if (value === undefined || !isKind(value) || (isObject(value) && heldBy(value).fault !== undefined)) continue;
    // The quotes of the name, a colon, and a comma or the brace at the end.
    const more = name.length + bytesOf(value) + 4;
    if (bytes + more > contextBytes) continue;
    bytes += more;
    kept.push([name, value]);
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
};
