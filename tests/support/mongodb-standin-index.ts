import type { Document } from 'bson';
import { compare, valueOf } from './mongodb-standin-order.ts';

type Entry = { readonly values: readonly unknown[]; readonly key: string };

/** A part of an index: which documents, in which order they come, and how many there are. */
export type Range = {
  readonly index: string;
  readonly size: number;
  readonly sorted: boolean;
  readonly keys: () => Iterable<string>;
};

/** Documents in the order of some of their values. */
export type Index = {
  readonly name: string;
  readonly key: Document;
  readonly touch: (key: string) => void;
  readonly range: (bounds: Bounds, sort: Document) => Range;
};

/** What a filter says of each path: equal to a value, or between two. */
export type Bounds = ReadonlyMap<string, { readonly eq?: unknown; readonly low?: unknown; readonly high?: unknown }>;

const boundOf = (condition: unknown): { eq?: unknown; low?: unknown; high?: unknown } => {
  if (typeof condition !== 'object' || condition === null) return { eq: condition };
  const { $eq, $gt, $gte, $lt, $lte, $elemMatch } = condition as Document;
  if ($elemMatch !== undefined) return boundOf($elemMatch);
  const [low, high] = [$gt ?? $gte, $lt ?? $lte];
  return {
    ...($eq !== undefined && { eq: $eq }),
    ...(low !== undefined && { low }),
    ...(high !== undefined && { high }),
  };
};

/** The bounds in a filter's conditions that all have to hold. They are wide: the filter itself is tested afterwards. */
export const boundsOf = (filter: Document): Bounds => {
  const parts: readonly Document[] = [filter, ...(Array.isArray(filter['$and']) ? filter['$and'] : [])];
  const bounds = new Map<string, ReturnType<typeof boundOf>>();
  for (const part of parts) {
    for (const [path, condition] of Object.entries(part)) {
      if (!path.startsWith('$')) bounds.set(path, { ...bounds.get(path), ...boundOf(condition) });
    }
  }
  return bounds;
};

const compareTuples = (a: readonly unknown[], b: readonly unknown[], length: number): number => {
  for (let place = 0; place < length; place += 1) {
    const order = compare(a[place], b[place]);
    if (order !== 0) return order;
  }
  return 0;
};

/** How many entries from the beginning meet a condition that the later ones don't. */
const countWhile = (entries: readonly Entry[], holds: (entry: Entry) => boolean): number => {
  let [begin, end] = [0, entries.length];
  while (begin < end) {
    const middle = (begin + end) >>> 1;
    const entry = entries[middle];
    if (entry && holds(entry)) begin = middle + 1;
    else end = middle;
  }
  return begin;
};

// A document has an entry for each item of a list in it; an empty list has its place in the index, as nothing.
const tuplesOf = (values: readonly unknown[]): readonly (readonly unknown[])[] => {
  const place = values.findIndex(Array.isArray);
  if (place === -1) return [values];
  const list = values[place] as readonly unknown[];
  return (list.length > 0 ? list : [undefined]).map((item) => values.with(place, item));
};

const merged = (a: readonly Entry[], b: readonly Entry[], length: number): Entry[] => {
  const all: Entry[] = [];
  let [left, right] = [0, 0];
  for (;;) {
    const [first, second] = [a[left], b[right]];
    if (!first || !second) return [...all, ...a.slice(left), ...b.slice(right)];
    const takeLeft = compareTuples(first.values, second.values, length) <= 0;
    all.push(takeLeft ? first : second);
    if (takeLeft) left += 1;
    else right += 1;
  }
};

/** An index over documents that are looked up by `documentOf`. It puts what was touched in its place when it is read. */
export const indexOver = (name: string, key: Document, documentOf: (key: string) => Document | undefined): Index => {
  const paths = Object.keys(key);
  const getters = paths.map(valueOf);
  const touched = new Set<string>();
  let entries: readonly Entry[] = [];
  let many = false;

  const entriesOf = (each: string): readonly Entry[] => {
    const doc = documentOf(each);
    if (!doc) return [];
    const found = getters.map((get) => get(doc));
    many ||= found.some(Array.isArray);
    return tuplesOf(found).map((values) => ({ values, key: each }));
  };

  const settle = (): void => {
    if (touched.size === 0) return;
    const fresh = [...touched].flatMap(entriesOf).sort((a, b) => compareTuples(a.values, b.values, paths.length));
    const kept = entries.filter((entry) => !touched.has(entry.key));
    entries = merged(kept, fresh, paths.length);
    touched.clear();
  };

  const isSorted = (sort: Document, equal: number, bounds: Bounds): boolean => {
    const columns = Object.entries(sort).filter(([path]) => bounds.get(path)?.eq === undefined);
    const inOrder = columns.every(([path], place) => paths[equal + place] === path);
    return !many && inOrder && columns.every(([, direction]) => direction === columns[0]?.[1]);
  };

  return {
    name,
    key,
    touch: (each) => touched.add(each),
    range: (bounds, sort) => {
      settle();
      const open = paths.findIndex((path) => bounds.get(path)?.eq === undefined);
      const equal = open === -1 ? paths.length : open;
      const prefix = paths.slice(0, equal).map((path) => bounds.get(path)?.eq);
      const { low, high } = bounds.get(paths[equal] ?? '') ?? {};
      const [lows, highs] = [
        low === undefined ? prefix : [...prefix, low],
        high === undefined ? prefix : [...prefix, high],
      ];
      const begin = countWhile(entries, ({ values }) => compareTuples(values, lows, lows.length) < 0);
      const end = countWhile(entries, ({ values }) => compareTuples(values, highs, highs.length) <= 0);
      const backwards = Object.values(sort).at(-1) === -1;
      const seen = entries;
      return {
        index: name,
        size: end - begin,
        sorted: isSorted(sort, equal, bounds),
        keys: function* () {
          const told = new Set<string>();
          for (let place = begin; place < end; place += 1) {
            const entry = seen[backwards ? begin + end - 1 - place : place];
            if (!entry || told.has(entry.key)) continue;
            if (many) told.add(entry.key);
            yield entry.key;
          }
        },
      };
    },
  };
};
