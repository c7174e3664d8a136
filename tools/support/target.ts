import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProduct } from '../../bench/support/product.ts';
import type { ServerOptions } from './arguments.ts';
import { UsageError } from './arguments.ts';

/** The server that a tool works on. */
export type Target = {
  readonly url: string;
  /** Its root key. */
  readonly key: string;
  /** Whether the tool started it, and so is alone with it. */
  readonly own: boolean;
  /** Ends it if the tool started it. */
  readonly stop: () => Promise<void>;
};

const keyOf = (given: string | undefined): string => {
  const file = join(process.env['DATA_DIR'] ?? 'data', 'admin-key');
  const key = given ?? process.env['LEADFOLD_ADMIN_KEY'] ?? (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  if (key !== '') return key;
  throw new UsageError(`There is no key in ${file}; give --key, or set LEADFOLD_ADMIN_KEY or DATA_DIR`);
};

const addressIn = (given: string): string => {
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given.replace(/\/+$/, '');
  throw new UsageError(`--url is ${given}; give an address like http://127.0.0.1:4000`);
};

/** The server at `url`, or one that is started as `npm start` does. Throws `UsageError` when there is no key for it. */
export const openTarget = async ({ url, key, dataDir }: ServerOptions): Promise<Target> => {
  if (url !== undefined) {
    if (dataDir !== undefined) throw new UsageError('--data-dir is for an own server; leave --url or --data-dir out');
    return { url: addressIn(url), key: keyOf(key), own: false, stop: async () => undefined };
  }
  if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true });
  const product = await startProduct({ env: { LOG_LEVEL: 'silent' }, ...(dataDir !== undefined && { dataDir }) });
  return { url: product.url, key: product.adminKey, own: true, stop: product.stop };
};
