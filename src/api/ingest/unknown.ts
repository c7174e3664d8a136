import type { JsonObject } from '../../domain/lead/activity.ts';
import { pointerOf } from '../http/problems.ts';
import type { Warning } from './item.ts';

/** How much a name of so many letters may be off and still be the same one, mistyped. */
const typosIn = (letters: number): number => (letters < 5 ? 1 : letters < 8 ? 2 : 3);

/** How many changes make one name of the other: letters added, left out, or taken for others; undefined when that is no typo. */
const changesBetween = (a: string, b: string): number | undefined => {
  const typos = typosIn(a.length);
  if (Math.abs(a.length - b.length) > typos) return undefined;
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const now = [row];
    for (let column = 1; column <= b.length; column++) {
      const other = (before[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      now.push(Math.min(other, (before[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1));
    }
    before = now;
  }
  const changes = before[b.length] ?? Infinity;
  return changes > typos ? undefined : changes;
};

/** A name as it is heard: `event_id`, `Event-ID` and `eventId` are one. */
const heard = (name: string): string => name.replace(/[\s_.-]/g, '').toLowerCase();

/** The longest name that is compared with others, and the most names that are told of one item. */
const [comparedLength, told] = [32, 3];

/** Tells of the members of an item that nobody knows, a few of them, and which known one is nearest to each. */
export const unknownMembers = (known: readonly string[]) => {
  const all = new Set(known);
  const sounds = known.map((name) => [name, heard(name)] as const);

  const nearest = (name: string): string | undefined => {
    const sound = heard(name);
    const near = sounds.flatMap(([one, its]) => {
      const changes = changesBetween(sound, its);
      return changes === undefined ? [] : [{ one, changes }];
    });
    const [first] = near.toSorted((a, b) => a.changes - b.changes);
    // What is the beginning or the end of a name is that name cut short: time of timestamp, type of eventType.
    return (
      first?.one ?? sounds.find(([, its]) => sound.length > 3 && (its.startsWith(sound) || its.endsWith(sound)))?.[0]
    );
  };

  const warningOf = (name: string): Warning => {
    const long = name.length > comparedLength;
    const meant = long ? undefined : nearest(name);
    const quoted = JSON.stringify(long ? `${name.slice(0, comparedLength)}...` : name);
    const instead = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${JSON.stringify(meant)}?`;
    const detail = `${quoted} is not known here and was left out; ${instead}`;
    return { code: 'field-unknown', pointer: long ? '' : pointerOf([name]), detail };
  };

  return (item: JsonObject): readonly Warning[] => {
    const names: string[] = [];
    for (const name in item) {
      if (all.has(name)) continue;
      names.push(name);
      if (names.length === told) break;
    }
    return names.map(warningOf);
  };
};
