import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';

/** There is no key to ask a server with. The message says where it was looked for, and what to do. */
export class NoKey extends Error {
  constructor(file: string) {
    super(`There is no key in ${file}; give --key, or set LEADFOLD_ADMIN_KEY or DATA_DIR`);
    this.name = 'NoKey';
  }
}

/** Where a server with these settings answers on this machine. */
export const addressOf = ({ host, port }: Config): string => {
  const own = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${own.includes(':') ? `[${own}]` : own}:${port}`;
};

/** The key to ask it with: the one given, else the settings', else the one that it made. Throws `NoKey`. */
export const keyOf = ({ adminKey, dataDir }: Config, given: string | undefined): string => {
  const file = join(dataDir, 'admin-key');
  const key = given ?? adminKey ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined);
  if (key !== undefined) return key;
  throw new NoKey(file);
};
