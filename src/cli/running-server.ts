import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { CommandFailed } from './command-failed.ts';

/** Where a server with these settings answers on this machine. */
const addressOf = ({ host, port }: Config): string => {
  const own = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${own.includes(':') ? `[${own}]` : own}:${port}`;
};

/** The key to ask it with: the one given, else the settings', else the one that it made. */
const keyOf = ({ adminKey, dataDir }: Config, given: string | undefined): string => {
  const file = join(dataDir, 'admin-key');
  const key = given ?? adminKey ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
  if (key !== undefined) return key;
  throw new CommandFailed(`There is no key in ${file}; give --key, or set LEADFOLD_ADMIN_KEY or DATA_DIR`);
};

const problem = z.object({ detail: z.string() });

/** What is asked: `patience` is how long an answer may take, in ms, and `tries` how often a server is asked that is not ready. */
type Question = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly patience?: number;
  readonly tries?: number;
};

type Answer = { readonly body: unknown; readonly position: string | undefined };

/** A server that runs. */
export type RunningServer = {
  readonly address: string;
  /** Whether it answers. */
  readonly answers: () => Promise<boolean>;
  /** Asks it. Throws `CommandFailed` when it does not answer, refuses, or there is no key to ask with. */
  readonly ask: (path: string, question?: Question) => Promise<Answer>;
};

/** The server at `url`, or where one with these settings would be. */
export const serverOf = (
  config: Config,
  { url, key }: { readonly url?: string | undefined; readonly key?: string | undefined },
): RunningServer => {
  const address = (url ?? addressOf(config)).replace(/\/+$/, '');
  return {
    address,
    answers: async () => {
      try {
        return (await fetch(`${address}/livez`, { signal: AbortSignal.timeout(5_000) })).ok;
      } catch {
        return false;
      }
    },
    ask: async (path, { method = 'GET', headers = {}, patience = 15_000, tries = 1 } = {}) => {
      const authorized = { Authorization: `Bearer ${keyOf(config, key)}`, ...headers };
      for (let left = tries; ; left--) {
        const init = { method, headers: authorized, signal: AbortSignal.timeout(patience) };
        const response = await fetch(`${address}${path}`, init).catch((cause: unknown) => {
          throw new CommandFailed(`No server answers at ${address}; start it, or give --url`, { cause });
        });
        const body: unknown = await response.json();
        if (response.ok) return { body, position: response.headers.get('leadfold-position') ?? undefined };
        if (response.status !== 503 || left <= 1) {
          const said = problem.safeParse(body).data?.detail ?? 'for no reason that it told';
          throw new CommandFailed(`${address}${path} answered ${response.status}: ${said}`);
        }
        await sleep(1_000);
      }
    },
  };
};
