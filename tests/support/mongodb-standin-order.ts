import type { Document } from 'bson';
import { Context } from 'mingo/core';
import * as operators from 'mingo/operators/query';
import { Query } from 'mingo/query';

/** Gives the value at a path with dots; undefined where there is none. */
export const valueOf = (path: string): ((doc: Document) => unknown) => {
  const parts = path.split('.');
  return (doc) => {
    let value: unknown = doc;
    for (const part of parts)
      value = typeof value === 'object' && value !== null ? (value as Document)[part] : undefined;
    return value;
  };
};

// UTF-16 has the surrogates below E000 to FFFF; code points have what they stand for above.
const rank = (unit: number): number => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

const compareTexts = (a: string, b: string): number => {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
};

const kinds = ['undefined', 'number', 'string'];
const kindOf = (value: unknown): number => {
  if (value instanceof Date) return kinds.length;
  return value === null ? 0 : kinds.indexOf(typeof value);
};

/** Less than, equal to or greater than 0, as MongoDB orders nothing, numbers, texts and times. */
export const compare = (a: unknown, b: unknown): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  return kindOf(a) - kindOf(b);
};

const comparing =
  (holds: (order: number) => boolean) =>
  (path: string, wanted: unknown, _options: unknown): ((doc: Document) => boolean) => {
    const value = valueOf(path);
    const meets = (each: unknown): boolean => kindOf(each) === kindOf(wanted) && holds(compare(each, wanted));
    return (doc) => [value(doc)].flat().some(meets);
  };

// What mingo brings orders texts by UTF-16.
const context = Context.init({
  query: {
    ...operators,
    $gt: comparing((order) => order > 0),
    $gte: comparing((order) => order >= 0),
    $lt: comparing((order) => order < 0),
    $lte: comparing((order) => order <= 0),
  },
});

/** Whether a document meets a filter. */
export const matcher = (filter: Document): ((doc: Document) => boolean) => {
  const query = new Query<Document>(filter, { context });
  return (doc) => query.test(doc);
};

/** The order of a sort of MongoDB's. */
export const sorter = (sort: Document): ((a: Document, b: Document) => number) => {
  const columns = Object.entries(sort).map(([path, direction]) => ({ value: valueOf(path), sign: Number(direction) }));
  return (a, b) => {
    for (const { value, sign } of columns) {
      const order = compare(value(a), value(b));
      if (order !== 0) return order * sign;
    }
    return 0;
  };
};
