import type { MongoClient } from 'mongodb';
import { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible';
import type { Quotas } from '../quotas.ts';
import type { Attempt } from './attempt.ts';

/** What one of many may do in a minute, each minute from its first use on, in the collection `rates` of a database. */
export const mongoQuotas = (client: MongoClient, dbName: string, attempt: Attempt): Quotas => {
  const indexes: { made?: Promise<unknown> | undefined } = {};

  return (kind, perMinute) => {
    const limiter = new RateLimiterMongo({
      storeClient: client,
      dbName,
      tableName: 'rates',
      keyPrefix: kind,
      points: perMinute,
      duration: 60,
      // It would write to the console when they can't be made.
      disableIndexesCreation: true,
    });
    const prepared = async (): Promise<void> => {
      try {
        await (indexes.made ??= limiter.createIndexes());
      } catch (error) {
        indexes.made = undefined;
        throw error;
      }
    };
    return (who, amount) =>
      attempt(async () => {
        await prepared();
        try {
          const { remainingPoints, msBeforeNext } = await limiter.consume(who, amount);
          return { granted: amount, left: remainingPoints, ms: msBeforeNext };
        } catch (refused) {
          if (!(refused instanceof RateLimiterRes)) throw refused;
          // What was left before goes to the one who asked for more than that.
          const before = refused.consumedPoints - amount;
          return { granted: Math.max(0, perMinute - before), left: 0, ms: refused.msBeforeNext };
        }
      });
  };
};
