import { MongoClient } from 'mongodb';
import type { Quotas } from '../quotas.ts';
import type { Tallies } from '../tallies.ts';
import { attemptsWithin } from './attempt.ts';
import { mongoQuotas } from './quotas.ts';
import { mongoTallies } from './tallies.ts';

/**
 * Milliseconds until the server is taken to be `away`, and until what is asked of it is given up, and the process goes on by itself. Who
 * signs in can wait for a while, so that a server that is slow does not let more passwords be tried; any other request hardly can.
 */
const limitTimeouts = { away: 1_500, tallies: 1_900, quotas: 500 } as const;
export type LimitTimeouts = Readonly<Record<keyof typeof limitTimeouts, number>>;

/** What processes count together, in a MongoDB. */
export type SharedLimits = { readonly tallies: Tallies; readonly quotas: Quotas; readonly close: () => Promise<void> };

/**
 * Counts in the database that a `mongodb://` URL names, over connections of their own: whatever is counted, nobody else waits for a
 * connection. Connects when it is first used.
 */
export const openMongoLimits = (url: string, timeouts: LimitTimeouts = limitTimeouts): SharedLimits => {
  const client = new MongoClient(url, {
    appName: 'leadfold-limits',
    serverSelectionTimeoutMS: timeouts.away,
    connectTimeoutMS: timeouts.away,
    waitQueueTimeoutMS: timeouts.away,
    socketTimeoutMS: timeouts.tallies,
    maxPoolSize: 10,
    // A count that is lost with a server lets a few more in; nobody is to wait until others have it, too.
    writeConcern: { w: 1 },
    readPreference: 'primary',
  });
  const [, name = ''] = /^[^/]*\/\/[^/?]*\/([^?]*)/.exec(url) ?? [];
  const db = client.db(name === '' ? 'leadfold' : decodeURIComponent(name));
  const where = `${client.options.hosts.join(',')}/${db.databaseName}`;

  return {
    tallies: mongoTallies(db, attemptsWithin(timeouts.tallies, client, where)),
    quotas: mongoQuotas(client, db.databaseName, attemptsWithin(timeouts.quotas, client, where)),
    close: () => client.close(),
  };
};
