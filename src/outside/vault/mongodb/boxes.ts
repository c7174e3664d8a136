import { randomInt } from 'node:crypto';
import { Binary, MongoClient, MongoError, MongoServerError } from 'mongodb';
import type { Boxes } from '../boxes.ts';
import { VaultUnavailable } from '../boxes.ts';

/** Milliseconds until an operation gives up, tries and waits included; and until the server is taken to be away. */
const [TIMEOUT, AWAY] = [1_900, 1_500];

/** What a server answers when there is a document of that `_id`. */
const DUPLICATE_KEY = 11_000;

type Stored = { readonly _id: string; readonly version: number; readonly keyId: string; readonly sealed: Binary };

// Versions begin anywhere, so that a box that is made again after it was removed has none that it had.
const firstVersion = (): number => randomInt(1, 2 ** 47);

const isDuplicate = (error: unknown): boolean => error instanceof MongoServerError && error.code === DUPLICATE_KEY;

/** Boxes in the collection `boxes` of the database that a `mongodb://` URL names. Connects when it is first used. */
export const openMongoBoxes = (url: string): Boxes => {
  const client = new MongoClient(url, {
    appName: 'leadfold-vault',
    serverSelectionTimeoutMS: AWAY,
    connectTimeoutMS: AWAY,
    waitQueueTimeoutMS: AWAY,
    socketTimeoutMS: TIMEOUT,
    maxPoolSize: 5,
    // What was put stays, and what was read is not taken back, when another member becomes the primary.
    writeConcern: { w: 'majority', journal: true },
    readConcern: { level: 'majority' },
    readPreference: 'primary',
  });
  const boxes = client.db().collection<Stored>('boxes');
  const where = `${client.options.hosts.join(',')}/${client.db().databaseName}`;

  /** Whatever the driver says, the vault is not to be had. */
  const attempt = async <T>(run: () => Promise<T>): Promise<T> => {
    const late = Promise.withResolvers<never>();
    // Whatever the driver still waits for or tries again: who asks is told in time.
    const timer = setTimeout(() => late.reject(new MongoError(`no answer within ${TIMEOUT} ms`)), TIMEOUT);
    try {
      return await Promise.race([run(), late.promise]);
    } catch (cause) {
      if (!(cause instanceof MongoError)) throw cause;
      throw new VaultUnavailable(`Vault in ${where}: ${cause.message}; try again`, { cause });
    } finally {
      clearTimeout(timer);
    }
  };

  const insert = async (box: Stored): Promise<boolean> => {
    try {
      await boxes.insertOne(box);
      return true;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  };

  return {
    get: (name) =>
      attempt(async () => {
        const found = await boxes.findOne({ _id: name });
        if (!found) return undefined;
        const { version, keyId, sealed } = found;
        return { version, keyId, sealed: Buffer.from(sealed.buffer) };
      }),
    put: (name, { sealed, keyId }, expectedVersion) =>
      attempt(async () => {
        const version = expectedVersion === 0 ? firstVersion() : expectedVersion + 1;
        const content = { version, keyId, sealed: new Binary(sealed) };
        if (expectedVersion === 0) return (await insert({ _id: name, ...content })) ? version : undefined;
        const { matchedCount } = await boxes.updateOne({ _id: name, version: expectedVersion }, { $set: content });
        return matchedCount > 0 ? version : undefined;
      }),
    remove: (name) => attempt(async () => void (await boxes.deleteOne({ _id: name }))),
    namesNotOf: (keyId, after, limit) =>
      attempt(async () => {
        const other = { _id: { $gt: after }, keyId: { $ne: keyId } };
        const found = await boxes.find(other, { projection: { _id: 1 }, sort: { _id: 1 }, limit }).toArray();
        return found.map(({ _id }) => _id);
      }),
    keyIds: () =>
      attempt(async () => {
        const found = boxes.aggregate<{ readonly _id: string }>([{ $match: {} }, { $group: { _id: '$keyId' } }]);
        return (await found.toArray()).map(({ _id }) => _id).toSorted();
      }),
    close: () => client.close(),
  };
};
