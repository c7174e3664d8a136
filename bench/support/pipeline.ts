import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { needPackages } from './alternatives.ts';
import { Skipped } from './benchmark.ts';
import { started } from './processes.ts';

/** Sees to what the pipeline needs. Throws `Skipped` when it can't be had. */
export const needPipeline = (): void => {
  if (spawnSync('redis-server', ['--version']).status !== 0)
    throw new Skipped('The pipeline needs redis-server on PATH: on Debian, apt-get install redis-server');
  needPackages(['bullmq', 'ioredis']);
};

const freePort = async (): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
  return promise;
};

const listens = (port: string): boolean =>
  spawnSync('redis-cli', ['-p', port, 'ping']).stdout.toString().includes('PONG');

const stored = z.object({ events: z.number(), activities: z.number() });

/** The classic pipeline, running: Redis with a log, a process that takes events, one that scores. */
export type Pipeline = {
  readonly url: string;
  /** How many events were processed. */
  readonly done: () => Promise<number>;
  /** Throws unless it has stored as many events as it accepted, each once. */
  readonly mustHave: (accepted: number) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts it over a folder. Redis has what it acknowledges on disk, as we have. */
export const startPipeline = async (dataDir: string): Promise<Pipeline> => {
  const port = String(await freePort());
  const settings = ['--port', port, '--bind', '127.0.0.1', '--dir', dataDir, '--save', '', '--appendonly', 'yes'];
  const redis = spawn('redis-server', [...settings, '--appendfsync', 'always'], { stdio: 'ignore' });
  const kill = (): void => void redis.kill('SIGKILL');
  process.once('exit', kill);
  while (!listens(port)) await sleep(20);
  const worker = started('bench/alternatives/pipeline.js', { args: ['worker', port] });
  await worker.says();
  const api = started('bench/alternatives/pipeline.js', { args: ['api', port] });
  const url = String(await api.says());
  return {
    url,
    done: async () => {
      worker.child.send('done');
      return Number(await worker.says());
    },
    mustHave: async (accepted) => {
      worker.child.send('stored');
      const { events, activities } = stored.parse(await worker.says());
      if (events === accepted && activities === accepted) return;
      throw new Error(`The pipeline accepted ${accepted} events, stored ${events} and scored ${activities}`);
    },
    stop: async () => {
      await Promise.all([api.end('SIGKILL'), worker.end('SIGKILL')]);
      kill();
      process.off('exit', kill);
    },
  };
};
