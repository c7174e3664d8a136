import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Skipped } from './benchmark.ts';

const folder = join(import.meta.dirname, '..', 'alternatives');
const installed = (...path: readonly string[]): boolean => existsSync(join(folder, 'node_modules', ...path));

/** Runs npm on the alternatives' own package. Says whether it did what it should, `limit` is in ms. */
const npm = (args: readonly string[], limit: number): boolean => {
  const all = [...args, '--prefix', folder, '--no-audit', '--no-fund'];
  return spawnSync('npm', all, { cwd: folder, stdio: 'ignore', timeout: limit }).status === 0;
};

/** Installs what the alternatives are made of where one of `packages` is missing. Throws `Skipped` when it can't be had. */
export const needPackages = (packages: readonly string[]): void => {
  const missing = (): readonly string[] => packages.filter((name) => !installed(name, 'package.json'));
  if (missing().length === 0) return;
  if (npm(['ci'], 120_000) && missing().length === 0) return;
  throw new Skipped(`It needs ${missing().join(', ')}: run npm ci --prefix bench/alternatives`);
};

/** Builds sqlite3, a package in C++, where it is not built; once, for some minutes. Throws `Skipped` when it can't be. */
export const needSqlite3 = (say: (what: string) => void): void => {
  const built = (): boolean => installed('sqlite3', 'build', 'Release', 'node_sqlite3.node');
  if (built()) return;
  say('building sqlite3, which takes some minutes the first time');
  if (npm(['rebuild', 'sqlite3', '--ignore-scripts=false'], 600_000) && built()) return;
  const command = 'npm rebuild sqlite3 --ignore-scripts=false --prefix bench/alternatives';
  throw new Skipped(`It needs sqlite3, which could not be built: run ${command}, with a C++ compiler, make and Python`);
};
