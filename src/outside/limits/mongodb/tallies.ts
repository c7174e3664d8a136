import { randomInt } from 'node:crypto';
import type { Db } from 'mongodb';
import { MongoServerError } from 'mongodb';
import type { Counted, Tallies } from '../tallies.ts';
import type { Attempt } from './attempt.ts';

/** What a server answers when there is a document of that `_id`. */
const DUPLICATE_KEY = 11_000;

type Stored = {
  readonly _id: string;
  readonly version: number;
  readonly times: number[];
  readonly total: number;
  readonly expires: Date;
};

// Versions begin anywhere, so that a count that is begun anew has none that it had.
const firstVersion = (): number => randomInt(1, 2 ** 40);

/** Counts in the collection `tallies` of a database, each a document. The server removes those that are to be forgotten. */
export const mongoTallies = (db: Db, attempt: Attempt): Tallies => {
  const collection = db.collection<Stored>('tallies');
  const index: { made?: Promise<unknown> | undefined } = {};

  const prepared = async (): Promise<void> => {
    try {
      await (index.made ??= collection.createIndex({ expires: 1 }, { expireAfterSeconds: 0 }));
    } catch (error) {
      index.made = undefined;
      throw error;
    }
  };

  const insert = async (id: string, { times, total }: Counted, expires: Date): Promise<boolean> => {
    try {
      await collection.insertOne({ _id: id, version: firstVersion(), times: [...times], total, expires });
      return true;
    } catch (error) {
      if (error instanceof MongoServerError && error.code === DUPLICATE_KEY) return false;
      throw error;
    }
  };

  return {
    get: (id) =>
      attempt(async () => {
        const found = await collection.findOne({ _id: id });
        return found ? { times: found.times, total: found.total, version: found.version } : undefined;
      }),
    put: (id, counted, expectedVersion, expires) =>
      attempt(async () => {
        await prepared();
        if (expectedVersion === 0) return insert(id, counted, expires);
        const $set = { times: [...counted.times], total: counted.total, expires, version: expectedVersion + 1 };
        const { matchedCount } = await collection.updateOne({ _id: id, version: expectedVersion }, { $set });
        return matchedCount > 0;
      }),
    remove: (id) => attempt(async () => void (await collection.deleteOne({ _id: id }))),
  };
};
