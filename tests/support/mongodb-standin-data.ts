import type { Document } from 'bson';
import { boundsOf, indexOver } from './mongodb-standin-index.ts';
import type { Bounds, Index, Range } from './mongodb-standin-index.ts';
import { matcher, sorter } from './mongodb-standin-order.ts';

/** An error as the server answers it. */
export class CommandError extends Error {
  readonly answer: Document;
  constructor(code: number, codeName: string, errmsg: string, rest: Document = {}) {
    super(errmsg);
    this.name = 'CommandError';
    this.answer = { ok: 0, code, codeName, errmsg, ...rest };
  }
}

type Asked = { readonly sort?: Document; readonly limit?: number; readonly hint?: Document };

/** The documents of one collection. */
export type DocumentSet = {
  readonly indexes: Map<string, Index>;
  readonly get: (key: string) => Document | undefined;
  readonly find: (filter: Document, asked?: Asked) => Document[];
  /** The index that a find would use, and how many entries of it would be looked at. */
  readonly plan: (filter: Document, asked?: Asked) => Range;
  readonly insert: (doc: Document) => void;
  readonly replace: (doc: Document) => void;
  readonly remove: (doc: Document) => void;
  readonly createIndex: (name: string, key: Document, unique?: boolean) => boolean;
};

/** An _id as a key of a map. */
export const keyOf = (id: unknown): string => (typeof id === 'string' ? id : `\0${JSON.stringify(id)}`);

const duplicate = (namespace: string, doc: Document, key: Document = { _id: 1 }): CommandError =>
  new CommandError(11_000, 'DuplicateKey', `E11000 duplicate key error collection: ${namespace}`, {
    keyPattern: key,
    keyValue: Object.fromEntries(Object.keys(key).map((field) => [field, doc[field]])),
  });

// Of an index in the right order no more is read than the limit, about.
const costOf = ({ sorted, size }: Range, limit: number): number =>
  sorted && limit > 0 ? Math.min(size, limit * 8) : size;

const idsIn = (filter: Document): readonly unknown[] | undefined => {
  const id: unknown = filter['_id'];
  if (typeof id === 'string') return [id];
  const { $in, $eq } = typeof id === 'object' && id !== null ? (id as Document) : {};
  if (Array.isArray($in)) return $in;
  return $eq === undefined ? undefined : [$eq];
};

/** A new collection with nothing in it. */
export const documentSet = (namespace: string): DocumentSet => {
  const docs = new Map<string, Document>();
  const indexes = new Map<string, Index>();
  const uniqueKeys: Document[] = [];
  const documentOf = (key: string): Document | undefined => docs.get(key);
  const touch = (key: string): void => indexes.forEach((index) => void index.touch(key));

  const createIndex = (name: string, key: Document, unique = false): boolean => {
    const existing = indexes.get(name);
    if (existing) {
      if (JSON.stringify(existing.key) === JSON.stringify(key)) return false;
      throw new CommandError(86, 'IndexKeySpecsConflict', `An index ${name} of another key exists in ${namespace}`);
    }
    const index = indexOver(name, key, documentOf);
    for (const each of docs.keys()) index.touch(each);
    indexes.set(name, index);
    if (unique) uniqueKeys.push(key);
    return true;
  };
  createIndex('_id_', { _id: 1 });

  const hinted = (hint: Document | undefined): readonly Index[] => {
    const all = [...indexes.values()];
    const found = hint && all.filter(({ key }) => JSON.stringify(key) === JSON.stringify(hint));
    if (found?.length === 0) throw new CommandError(2, 'BadValue', 'hint does not correspond to an existing index');
    return found ?? all;
  };

  // An index that begins like the others is of use when what comes next in it is asked for or sorted by.
  const isOfUse = (index: Index, bounds: Bounds, sort: Document): boolean => {
    const next = Object.keys(index.key).find((path) => bounds.get(path)?.eq === undefined);
    const first = Object.keys(sort).find((path) => bounds.get(path)?.eq === undefined);
    const [, second] = Object.keys(index.key);
    return next === undefined || bounds.has(next) || next === first || bounds.has(second ?? next);
  };

  const plan = (filter: Document, { sort = {}, limit = 0, hint }: Asked = {}): Range => {
    const bounds = boundsOf(filter);
    const all = hinted(hint);
    const useful = all.filter((index) => isOfUse(index, bounds, sort));
    const ranges = (useful.length > 0 ? useful : all).map((index) => index.range(bounds, sort));
    const cost = (range: Range): number => costOf(range, limit);
    return ranges.reduce((best, range) =>
      cost(range) < cost(best) || (cost(range) === cost(best) && range.sorted && !best.sorted) ? range : best,
    );
  };

  const find = (filter: Document, asked: Asked = {}): Document[] => {
    const { sort = {}, limit = 0 } = asked;
    const ids = idsIn(filter);
    if (ids && !ids.some((id) => docs.has(keyOf(id)))) return [];
    const matches = matcher(filter);
    const range = ids ? undefined : plan(filter, asked);
    const enough = limit > 0 && (range?.sorted ?? Object.keys(sort).length === 0) ? limit : Infinity;
    const found: Document[] = [];
    for (const key of ids ? new Set(ids.map(keyOf)) : (range?.keys() ?? [])) {
      if (found.length >= enough) break;
      const doc = docs.get(key);
      if (doc && matches(doc)) found.push(doc);
    }
    if (range?.sorted !== true) found.sort(sorter(sort));
    return limit > 0 ? found.slice(0, limit) : found;
  };

  const put = (doc: Document): void => {
    const key = keyOf(doc['_id']);
    docs.set(key, doc);
    touch(key);
  };

  return {
    indexes,
    get: documentOf,
    find,
    plan,
    createIndex,
    insert: (doc) => {
      if (docs.has(keyOf(doc['_id']))) throw duplicate(namespace, doc);
      for (const key of uniqueKeys) {
        const same = Object.fromEntries(Object.keys(key).map((field) => [field, doc[field]]));
        if (find(same, { limit: 1 }).length > 0) throw duplicate(namespace, doc, key);
      }
      put(doc);
    },
    replace: put,
    remove: (doc) => {
      docs.delete(keyOf(doc['_id']));
      touch(keyOf(doc['_id']));
    },
  };
};
