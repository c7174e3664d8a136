import { MongoBulkWriteError, MongoClient, MongoServerError } from 'mongodb';
import type { AnyBulkWriteOperation, Collection as DriverCollection, Db } from 'mongodb';
import { markOf, parsed } from './document.ts';
import { DUPLICATE_KEY, explained, INDEX_NOT_FOUND, NAMESPACE_NOT_FOUND } from './mongodb-errors.ts';
import { filterOf, idIn, indexesOf, indexPrefix, kept, keyText, seeksOf } from './mongodb-query.ts';
import type { Kept } from './mongodb-query.ts';
import { ReadModelsUnavailable } from './read-models.ts';
import type { Collection, Declared, Key, Page, Query, ReadModels, Stored } from './read-models.ts';

/** Milliseconds until an operation gives up, retries included. An answer over HTTP waits for reads; a lease has to be known soon. */
const READ_TIMEOUT = 1_900;
const WRITE_TIMEOUT = 10_000;
const PREPARE_TIMEOUT = 600_000;
/** How many keys one query loads. */
const CHUNK = 1_000;

type Found = { readonly _id: string; readonly doc: string };
type Checkpoint = { readonly _id: string; readonly position: number };
/** `until` is in ms since 1970. */
type Held = { readonly _id: string; readonly holder: string; readonly until: number };

const writing = { timeoutMS: WRITE_TIMEOUT } as const;

const docsOf = (db: Db, { name }: Declared): DriverCollection<Kept> => db.collection<Kept>(`docs.${name}`);
const checkpointsOf = (db: Db): DriverCollection<Checkpoint> => db.collection<Checkpoint>('checkpoints');
const leasesOf = (db: Db): DriverCollection<Held> => db.collection<Held>('leases');

const hasCode = (error: unknown, code: number): boolean => error instanceof MongoServerError && error.code === code;

/** What happens, or `other` when the server answers with that error. */
const unless = async <T>(code: number, other: T, run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (hasCode(error, code)) return other;
    throw error;
  }
};

// An index that is there already is left alone, so that two processes may prepare at the same time.
const prepareCollection = async (db: Db, collection: Declared): Promise<void> => {
  const docs = docsOf(db, collection);
  const options = { timeoutMS: PREPARE_TIMEOUT };
  const indexes = indexesOf(collection);
  if (indexes.length > 0) await docs.createIndexes([...indexes], options);
  const existing = await unless(NAMESPACE_NOT_FOUND, [], () => docs.listIndexes(options).toArray());
  const names = existing.map(({ name }: { readonly name?: string }) => name ?? '');
  const stale = names.filter((name) => name.startsWith(indexPrefix) && !indexes.some((each) => each.name === name));
  for (const name of stale) await unless(INDEX_NOT_FOUND, undefined, () => docs.dropIndex(name, options));
};

const findPage = async <D>(db: Db, project: string, collection: Collection<D>, query: Query<D>): Promise<Page<D>> => {
  const wanted = query.limit + 1;
  const rows: Found[] = [];
  for (const { filter, ...options } of seeksOf(project, collection, query)) {
    const left = wanted - rows.length;
    if (left === 0) break;
    const cursor = docsOf(db, collection).find(filter, { ...options, limit: left, batchSize: left });
    rows.push(...(await cursor.project<Found>({ doc: 1 }).toArray()));
  }
  const docs = rows.slice(0, query.limit).map(({ _id, doc }) => parsed(collection, idIn(_id), doc));
  const last = rows[query.limit - 1];
  if (rows.length < wanted || !last) return { docs };
  return { docs, next: markOf(collection, query, idIn(last._id), last.doc) };
};

const loadChunk = async <D>(db: Db, collection: Collection<D>, keys: readonly Key[]): Promise<readonly Stored<D>[]> => {
  const byText = new Map(keys.map((key) => [keyText(key), key]));
  const cursor = docsOf(db, collection).find(
    { _id: { $in: [...byText.keys()] } },
    { projection: { position: 1, doc: 1 }, batchSize: CHUNK + 1 },
  );
  const rows = await cursor.toArray();
  return rows.flatMap(({ _id, position, doc }) => {
    const key = byText.get(_id);
    if (!key) return [];
    return [{ ...key, position, doc: doc === undefined ? undefined : parsed(collection, key.id, doc) }];
  });
};

const load = async <D>(db: Db, collection: Collection<D>, keys: readonly Key[]): Promise<readonly Stored<D>[]> => {
  const loaded: Stored<D>[] = [];
  for (let begin = 0; begin < keys.length; begin += CHUNK) {
    loaded.push(...(await loadChunk(db, collection, keys.slice(begin, begin + CHUNK))));
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
    await docs.bulkWrite(operations, { ordered: false, ...writing });
    return [];
  } catch (error) {
    const refused = error instanceof MongoBulkWriteError ? [error.writeErrors].flat() : [];
    const only = refused.length > 0 && refused.every(({ code }) => code === DUPLICATE_KEY);
    if (!only || !(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) throw error;
    return refused.flatMap(({ index }) => documents[index] ?? []);
  }
};

// A key is taken when a newer document is there, or when another writer's older one came in between; the second try
// tells which, as it replaces only what is there.
const saveDocuments = async (db: Db, collection: Declared, documents: readonly Kept[]): Promise<void> => {
  if (documents.length === 0) return;
  const docs = docsOf(db, collection);
  const taken = await replaceOlder(docs, documents, true);
  if (taken.length > 0) await replaceOlder(docs, taken, false);
};

const moveCheckpoint = async (db: Db, name: string, position: number): Promise<void> => {
  await checkpointsOf(db).updateOne({ _id: name }, { $max: { position } }, { upsert: true, ...writing });
};

const checkpointOf = async (db: Db, name: string): Promise<number> =>
  (await checkpointsOf(db).findOne({ _id: name }))?.position ?? 0;

// Somebody else's lease doesn't meet the filter, and a second one of the same name can't be inserted.
const takeLease = (db: Db, { _id, holder, until }: Held, now: number): Promise<boolean> =>
  unless(DUPLICATE_KEY, false, async () => {
    const free = { _id, $or: [{ holder }, { until: { $lte: now } }] };
    const update = { $set: { holder, until } };
    const { matchedCount, upsertedCount } = await leasesOf(db).updateOne(free, update, { upsert: true });
    return matchedCount + upsertedCount > 0;
  });

const databaseIn = (url: string): string => {
  const [, name = ''] = /^[^/]*\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  return name === '' ? 'leadfold' : decodeURIComponent(name);
};

const connect = (url: string, readTimeout: number): MongoClient =>
  new MongoClient(url, {
    appName: 'leadfold',
    ...{ serverSelectionTimeoutMS: 1_500, connectTimeoutMS: 1_500, timeoutMS: readTimeout },
    ...{ maxPoolSize: 50, maxConnecting: 8 },
    // What was saved stays saved, and what was read is not taken back, when another member becomes the primary.
    ...{ writeConcern: { w: 'majority' }, readConcern: { level: 'majority' }, readPreference: 'primary' },
  });

/**
 * Read models in the MongoDB of a `mongodb://` URL, in its database or in `leadfold` when it names none. Connects when it
 * is first used, and again when the server was away. A read gives up after `readTimeout` ms. Documents are written one by
 * one, each guarded by its position, and the checkpoint after them: a save that breaks off is done again. Throws when the
 * URL is no MongoDB URL.
 */
export const openMongoReadModels = (
  url: string,
  { readTimeout = READ_TIMEOUT }: { readonly readTimeout?: number } = {},
): ReadModels => {
  const client = connect(url, readTimeout);
  const db = client.db(databaseIn(url));
  const where = `${client.options.hosts.join(',')}/${db.databaseName}`;
  const state = { open: true };
  const answer = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!state.open) throw new ReadModelsUnavailable(`Read models in ${where} are closed`);
    try {
      return await run();
    } catch (error) {
      throw explained(error, where);
    }
  };
  return {
    prepare: (collections) =>
      answer(async () => {
        for (const collection of collections) await prepareCollection(db, collection);
      }),
    get: (project, collection, id) => answer(async () => (await loadChunk(db, collection, [{ project, id }]))[0]?.doc),
    find: (project, collection, query) => answer(() => findPage(db, project, collection, query)),
    count: (project, collection, where) =>
      answer(() => docsOf(db, collection).countDocuments(filterOf(project, collection, where))),
    load: (collection, keys) => answer(() => load(db, collection, keys)),
    save: (collection, documents, checkpoint) =>
      answer(async () => {
        await saveDocuments(db, collection, documents.map(kept));
        await moveCheckpoint(db, collection.name, checkpoint);
      }),
    checkpoint: (name) => answer(() => checkpointOf(db, name)),
    saveCheckpoint: (name, position) => answer(() => moveCheckpoint(db, name, position)),
    lease: (name, holder, now, until) =>
      answer(() => takeLease(db, { _id: name, holder, until: until.getTime() }, now.getTime())),
    release: (name, holder) =>
      answer(async () => {
        await leasesOf(db).deleteOne({ _id: name, holder });
      }),
    close: async () => {
      state.open = false;
      await client.close();
    },
  };
};
