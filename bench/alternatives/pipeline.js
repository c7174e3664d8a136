// The classic pipeline: HTTP -> a queue in Redis -> a worker that locks the lead -> a store. As `api` it takes events, one or
// many a request, and answers 202 when their jobs are in the queue. As `worker` it scores them. The store is Redis too, with
// hashes: that is faster than a database besides it would be. Plain JavaScript, for its packages may not be installed.
import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import fastify from 'fastify';
import { Redis } from 'ioredis';
import { nativeBatchSchema, nativeSchema } from '../../src/api/ingest/schemas.ts';
import { defaultModel } from '../../src/domain/scoring/default-model.ts';

const [role, port] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const keep = { removeOnComplete: true, attempts: 5, backoff: { type: 'fixed', delay: 100 } };

const jobOf = (event) => ({ name: 'event', data: { eventId: randomUUID(), ...event }, opts: keep });

const serve = async () => {
  const queue = new Queue('events', { connection });
  const app = fastify({ bodyLimit: 5 * 1024 * 1024 });
  app.setValidatorCompiler(({ schema }) => (data) => {
    const { success, data: value, error } = schema.safeParse(data);
    return success ? { value } : { error };
  });
  app.post('/events', { schema: { body: nativeSchema } }, async ({ body }, reply) => {
    const { name, data, opts } = jobOf(body);
    await queue.add(name, data, opts);
    return reply.code(202).send({ status: 'queued', eventId: data.eventId });
  });
  app.post('/batch', { schema: { body: nativeBatchSchema } }, async ({ body }, reply) => {
    await queue.addBulk(body.events.map(jobOf));
    return reply.code(202).send({ status: 'queued' });
  });
  process.send?.(await app.listen({ port: 0, host: '127.0.0.1' }));
};

/** Gives a lock back, if it is still ours. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0`;

const points = new Map(defaultModel.engagement.map((rule) => [rule.when.eventType, rule.points]));

const score = async (redis, event) => {
  const lead = event.userId ?? event.email ?? event.anonymousId;
  const [lock, token] = [`lock:${lead}`, randomUUID()];
  while ((await redis.set(lock, token, 'PX', 5_000, 'NX')) !== 'OK') await pause(2);
  try {
    if ((await redis.hsetnx(`history:${lead}`, event.eventId, JSON.stringify(event))) === 0) return;
    const change = redis.multi().hincrby(`lead:${lead}`, 'score', points.get(event.eventType) ?? 0);
    await change.hincrby(`lead:${lead}`, 'activities', 1).exec();
  } finally {
    await redis.eval(RELEASE, 1, lock, token);
  }
};

/** How many events the histories have, and how many the leads say they have. */
const stored = async (redis) => {
  const found = { events: 0, activities: 0 };
  for (const key of await redis.keys('history:*')) found.events += await redis.hlen(key);
  for (const key of await redis.keys('lead:*')) found.activities += Number(await redis.hget(key, 'activities'));
  return found;
};

const work = () => {
  const redis = new Redis(connection);
  let done = 0;
  const worker = new Worker('events', ({ data }) => score(redis, data), { connection, concurrency: 50 });
  worker.on('completed', () => void (done += 1));
  process.on('message', async (asked) => process.send?.(asked === 'done' ? done : await stored(redis)));
  process.send?.('ready');
};

await (role === 'api' ? serve() : work());
