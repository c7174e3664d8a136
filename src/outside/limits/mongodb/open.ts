import { MongoClient, MongoError } from 'mongodb';
import type { Tallies } from '../tallies.ts';
import { TalliesUnavailable } from '../tallies.ts';
import type { Attempt } from './tallies.ts';
import { mongoTallies } from './tallies.ts';

/** Milliseconds until the server is taken to be away, and until what is asked of it is given up: requests wait for it. */
const [AWAY, TIMEOUT] = [400, 500];

/** What processes count together, in a MongoDB. */
export type SharedLimits = { readonly tallies: Tallies; readonly close: () => Promise<void> };

/**
 * Counts in the database that a `mongodb://` URL names, over connections of their own: whatever is counted, nobody else waits for a
 * connection. Connects when it is first used.
 */
export const openMongoLimits = (url: string): SharedLimits => {
  const client = new MongoClient(url, {
    appName: 'leadfold-limits',
    serverSelectionTimeoutMS: AWAY,
    connectTimeoutMS: AWAY,
    waitQueueTimeoutMS: AWAY,
    socketTimeoutMS: TIMEOUT,
    maxPoolSize: 10,
    // A count that is lost with a server lets a few more in; nobody is to wait until others have it, too.
    writeConcern: { w: 1 },
    readPreference: 'primary',
  });
  const [, name = ''] = /^[^/]*\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  const db = client.db(name === '' ? 'leadfold' : decodeURIComponent(name));
  const where = `${client.options.hosts.join(',')}/${db.databaseName}`;

  const attempt: Attempt = async (run) => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new MongoError(`no answer within ${TIMEOUT} ms`)), TIMEOUT);
    try {
      return await Promise.race([run(), late.promise]);
    } catch (cause) {
      if (!(cause instanceof MongoError)) throw cause;
      throw new TalliesUnavailable(`Limits in ${where}: ${cause.message}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  };

  return { tallies: mongoTallies(db, attempt), close: () => client.close() };
};
