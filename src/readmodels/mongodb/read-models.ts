import { MongoClient, MongoTopologyClosedError } from 'mongodb';
import {
  count,
  dropCollection,
  findPage,
  load,
  prepareCollection,
  replaceDocuments,
  saveDocuments,
  sizeOf,
} from './documents.ts';
import type { Reading } from './documents.ts';
import { checkpointOf, dropCheckpoint, leaseOf, moveCheckpoint, releaseLease, standing, takeLease } from './marks.ts';
import { explained } from './errors.ts';
import { byId } from '../documents.ts';
import { ReadModelsUnavailable } from '../read-models.ts';
import type { ReadModels } from '../read-models.ts';

/** Milliseconds until an operation gives up, retries included. An answer over HTTP waits for reads; only projections write. */
const READ_TIMEOUT = 1_900;
const WRITE_TIMEOUT = 30_000;
const PREPARE_TIMEOUT = 600_000;
/** Milliseconds until a server is taken to be away, and until a caller stops waiting for a free connection. */
const AWAY = 1_500;
/**
 * Milliseconds after which each server is asked for a sign of life: calls over connections that nobody answers any more, without a
 * word, are given up so much later and what a sign may take.
 */
const HEARTBEAT = 2_000;

const databaseIn = (url: string): string => {
  const [, name = ''] = /^[^/]*\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  return name === '' ? 'leadfold' : decodeURIComponent(name);
};

const connect = (url: string, socketTimeoutMS: number): MongoClient =>
  new MongoClient(url, {
    appName: 'leadfold',
    serverSelectionTimeoutMS: AWAY,
    connectTimeoutMS: AWAY,
    heartbeatFrequencyMS: HEARTBEAT,
    waitQueueTimeoutMS: AWAY,
    socketTimeoutMS,
    maxPoolSize: 50,
    maxConnecting: 8,
    // What was saved stays saved, and what was read is not taken back, when another member becomes the primary.
    writeConcern: { w: 'majority' },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
  });

/** A client, or what the driver says of a URL that it can't use, which has no password in it. */
const openedBy = (url: string): MongoClient => {
  try {
    return connect(url, WRITE_TIMEOUT);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ReadModelsUnavailable(`Read models: the mongodb: URL can not be used: ${reason}; correct READ_MODELS`);
  }
};

/** Gives up after a time, in ms, and aborts the signal with what it rejects with. */
const within = async <T>(milliseconds: number, where: string, run: (signal: AbortSignal) => Promise<T>): Promise<T> => {
  const cut = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const reason = new ReadModelsUnavailable(`Read models in ${where}: no answer in ${milliseconds} ms; try again`);
    cut.abort(reason);
    late.reject(reason);
  }, milliseconds);
  try {
    return await Promise.race([run(cut.signal), late.promise]);
  } catch (error) {
    throw explained(error, where);
  } finally {
    clearTimeout(timer);
  }
};

/**
 * Read models in the MongoDB of a `mongodb://` URL, in its database or in `leadfold` when it names none. Connects when it
 * is first used, and again when the server was away. A read gives up after `readTimeout` ms. Documents are written one by
 * one, each guarded by its position, and the checkpoint after them: a save that breaks off is done again. Throws when the
 * URL can't be used.
 */
export const openMongoReadModels = (
  url: string,
  { readTimeout = READ_TIMEOUT }: { readonly readTimeout?: number } = {},
): ReadModels => {
  const client = openedBy(url);
  const db = client.db(databaseIn(url));
  const where = `${client.options.hosts.join(',')}/${db.databaseName}`;
  const state = { open: true };
  const answer = async <T>(milliseconds: number, run: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    if (!state.open) throw new ReadModelsUnavailable(`Read models in ${where} are closed`);
    try {
      return await within(milliseconds, where, run);
    } catch (error) {
      // A client whose first connection failed keeps what it closed then, and would never look for the server again.
      const gaveUp = error instanceof ReadModelsUnavailable && error.cause instanceof MongoTopologyClosedError;
      if (gaveUp && state.open) client.connect().catch((again: unknown) => void again);
      throw error;
    }
  };
  const reading = <T>(milliseconds: number, read: (reading: Reading) => Promise<T>): Promise<T> =>
    answer(milliseconds, (signal) => read({ db, deadline: { signal, maxTimeMS: milliseconds } }));
  return {
    prepare: (collections) =>
      answer(PREPARE_TIMEOUT, async () => {
        // An index over many documents takes longer than any answer may.
        const patient = connect(url, 0);
        try {
          for (const collection of collections) await prepareCollection(patient.db(db.databaseName), collection);
        } finally {
          await patient.close();
        }
      }),
    get: (project, collection, id) =>
      reading(readTimeout, async (from) => (await load(from, collection, [{ project, id }]))[0]?.doc),
    getMany: (project, collection, ids) =>
      reading(readTimeout, async (from) => {
        const keys = ids.map((id) => ({ project, id }));
        return byId(await load(from, collection, keys));
      }),
    find: (project, collection, query) => reading(readTimeout, (from) => findPage(from, project, collection, query)),
    count: (project, collection, where) => reading(readTimeout, (from) => count(from, project, collection, where)),
    load: (collection, keys) => reading(WRITE_TIMEOUT, (from) => load(from, collection, keys)),
    save: (collection, documents, checkpoint, fact) =>
      answer(WRITE_TIMEOUT, async () => {
        await saveDocuments(db, collection, documents);
        await moveCheckpoint(db, collection.name, checkpoint, fact);
      }),
    replace: (collection, documents) => answer(WRITE_TIMEOUT, () => replaceDocuments(db, collection, documents)),
    size: (name) => reading(WRITE_TIMEOUT, (from) => sizeOf(from, name)),
    drop: (name) => answer(PREPARE_TIMEOUT, () => dropCollection(db, name)),
    checkpoint: (name) => reading(readTimeout, (from) => checkpointOf(from, name)),
    standing: (name) => reading(readTimeout, (from) => standing(from, name)),
    saveCheckpoint: (name, position, fact) => answer(WRITE_TIMEOUT, () => moveCheckpoint(db, name, position, fact)),
    dropCheckpoint: (name) => answer(WRITE_TIMEOUT, () => dropCheckpoint(db, name)),
    register: (name) => reading(readTimeout, (from) => checkpointOf(from, name)),
    raise: (name, to) => answer(WRITE_TIMEOUT, () => moveCheckpoint(db, name, to)),
    leaseOf: (name) => reading(readTimeout, (from) => leaseOf(from, name)),
    lease: (name, holder, now, until) =>
      answer(readTimeout, () => takeLease(db, name, holder, { now: now.getTime(), until: until.getTime() })),
    release: (name, holder) => answer(readTimeout, () => releaseLease(db, name, holder)),
    close: async () => {
      state.open = false;
      await client.close();
    },
  };
};
