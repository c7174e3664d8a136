import type { MongoClient } from 'mongodb';
import { MongoError, MongoTopologyClosedError } from 'mongodb';
import { TalliesUnavailable } from '../tallies.ts';

/** Runs something at the server, and rejects with `TalliesUnavailable` when that is away. */
export type Attempt = <R>(run: () => Promise<R>) => Promise<R>;

/** Gives up after so many ms, as requests wait for it. `where` names the database. */
export const attemptsWithin =
  (timeout: number, client: MongoClient, where: string): Attempt =>
  async (run) => {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new MongoError(`no answer within ${timeout} ms`)), timeout);
    try {
      return await Promise.race([run(), late.promise]);
    } catch (cause) {
      if (!(cause instanceof MongoError)) throw cause;
      // A client whose first connection failed keeps what it closed then, and would never look for the server again.
      if (cause instanceof MongoTopologyClosedError) client.connect().catch((again: unknown) => void again);
      throw new TalliesUnavailable(`Limits in ${where}: ${cause.message}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  };
