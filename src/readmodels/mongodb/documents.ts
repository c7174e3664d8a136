import { MongoBulkWriteError } from 'mongodb';
import type { AnyBulkWriteOperation, Collection as DriverCollection, Db } from 'mongodb';
import { markOf, parsed } from '../checks.ts';
import { DUPLICATE_KEY, INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND, unless } from './errors.ts';
import { dropCheckpoint } from './marks.ts';
import { filterOf, idIn, indexesOf, indexPrefix, kept, keyText, seeksOf } from './query.ts';
import type { Kept } from './query.ts';
import type { Replacement, Stored } from '../documents.ts';
import type { Condition, Page, Query } from '../queries.ts';
import type { Collection, Declared, Key } from '../collection.ts';

/** How many keys one query loads. */
const CHUNK = 1_000;

type Found = { readonly _id: string; readonly doc: string };
/** A read of a database, cut off at a deadline, here and in the server. `maxTimeMS` is in ms. */
export type Reading = {
  readonly db: Db;
  readonly deadline: { readonly signal: AbortSignal; readonly maxTimeMS: number };
};

const docsOf = (db: Db, { name }: Declared): DriverCollection<Kept> => db.collection<Kept>(`docs.${name}`);

/**
 * Makes the indexes of a collection, and drops those it no longer declares. One that is there already is left alone, so that
 * two processes may prepare at the same time.
 */
export const prepareCollection = async (db: Db, collection: Declared): Promise<void> => {
  const docs = docsOf(db, collection);
  const indexes = indexesOf(collection);
  if (indexes.length > 0) await docs.createIndexes([...indexes]);
  const existing = await unless(NAMESPACE_NOT_FOUND, [], () => docs.listIndexes().toArray());
  const names = existing.map(({ name }: { readonly name?: string }) => name ?? '');
  const stale = names.filter((name) => name.startsWith(indexPrefix) && !indexes.some((each) => each.name === name));
  for (const name of stale) await unless(INDEX_NOT_FOUND, undefined, () => docs.dropIndex(name));
};

/** A page of the documents that meet a query. Throws when a document does not fit its schema or has nothing to sort by. */
export const findPage = async <D>(
  { db, deadline }: Reading,
  project: string,
  collection: Collection<D>,
  query: Query<D>,
): Promise<Page<D>> => {
  const wanted = query.limit + 1;
  const rows: Found[] = [];
  for (const { filter, ...options } of seeksOf(project, collection, query)) {
    const left = wanted - rows.length;
    if (left === 0) break;
    const cursor = docsOf(db, collection).find(filter, { ...options, ...deadline, limit: left, batchSize: left });
    rows.push(...(await cursor.project<Found>({ doc: 1 }).toArray()));
  }
  const docs = rows.slice(0, query.limit).map(({ _id, doc }) => parsed(collection, idIn(_id), doc));
  const last = rows[query.limit - 1];
  if (rows.length < wanted || !last) return { docs };
  return { docs, next: markOf(collection, query, idIn(last._id), last.doc) };
};

/** How many documents meet the conditions. */
export const count = <D>(
  { db, deadline }: Reading,
  project: string,
  collection: Collection<D>,
  where: readonly Condition<D>[],
): Promise<number> => docsOf(db, collection).countDocuments(filterOf(project, collection, where), deadline);

const loadChunk = async <D>(
  { db, deadline }: Reading,
  collection: Collection<D>,
  keys: readonly Key[],
): Promise<readonly Stored<D>[]> => {
  const byText = new Map(keys.map((key) => [keyText(key), key]));
  const cursor = docsOf(db, collection).find(
    { _id: { $in: [...byText.keys()] } },
    { ...deadline, projection: { position: 1, doc: 1 }, batchSize: CHUNK + 1 },
  );
  const rows = await cursor.toArray();
  return rows.flatMap(({ _id, position, doc }) => {
    const key = byText.get(_id);
    if (!key) return [];
    return [{ ...key, position, doc: doc === undefined ? undefined : parsed(collection, key.id, doc) }];
  });
};

/** The documents of the keys with their positions, tombstones too. */
export const load = async <D>(
  reading: Reading,
  collection: Collection<D>,
  keys: readonly Key[],
): Promise<readonly Stored<D>[]> => {
  const loaded: Stored<D>[] = [];
  for (let begin = 0; begin < keys.length; begin += CHUNK) {
    loaded.push(...(await loadChunk(reading, collection, keys.slice(begin, begin + CHUNK))));
  }
  return loaded;
};

/** Replaces what is older. Gives the ones whose key was taken when they were to be inserted. */
const replaceOlder = async (
  docs: DriverCollection<Kept>,
  documents: readonly Kept[],
  upsert: boolean,
): Promise<readonly Kept[]> => {
  const operations = documents.map(({ _id, ...replacement }): AnyBulkWriteOperation<Kept> => {
    const filter = { _id, position: { $lt: replacement.position } };
    return { replaceOne: { filter, replacement, upsert } };
  });
  try {
    await docs.bulkWrite(operations, { ordered: false });
    return [];
  } catch (error) {
    const refused = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    const only = refused.length > 0 && refused.every(({ code }) => code === DUPLICATE_KEY);
    if (!only || !(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    return refused.flatMap(({ index }) => documents[index] ?? []);
  }
};

/** Writes each document unless a newer one is there. */
export const saveDocuments = async <D>(
  db: Db,
  collection: Collection<D>,
  documents: readonly Stored<D>[],
): Promise<void> => {
  if (documents.length === 0) return;
  const docs = docsOf(db, collection);
  const taken = await replaceOlder(docs, documents.map(kept), true);
  // A key is taken when a newer document is there, or when another writer's older one came in between; the second try
  // tells which, as it replaces only what is there.
  if (taken.length > 0) await replaceOlder(docs, taken, false);
};

/** Writes each document if what is there is of the position that was seen. Tells whether all were. */
export const replaceDocuments = async <D>(
  db: Db,
  collection: Collection<D>,
  documents: readonly Replacement<D>[],
): Promise<boolean> => {
  const docs = docsOf(db, collection);
  let all = true;
  for (const { replaces, ...document } of documents) {
    const { _id, ...replacement } = kept(document);
    // No document has the position -1: where there is one, another is not inserted.
    const filter = { _id, position: replaces ?? -1 };
    const result = await unless(DUPLICATE_KEY, undefined, () =>
      docs.replaceOne(filter, replacement, { upsert: replaces === undefined }),
    );
    all &&= result !== undefined && result.matchedCount + result.upsertedCount > 0;
  }
  return all;
};

/** How many documents a collection has, without those that are gone. */
export const sizeOf = ({ db, deadline }: Reading, name: string): Promise<number> =>
  docsOf(db, { name, indexes: [] }).countDocuments({ doc: { $exists: true } }, deadline);

/** Removes a collection and its checkpoint. */
export const dropCollection = async (db: Db, name: string): Promise<void> => {
  await unless(NAMESPACE_NOT_FOUND, false, () => docsOf(db, { name, indexes: [] }).drop());
  await dropCheckpoint(db, name);
};
