import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { UsageError } from '../../src/cli/command-line.ts';
import { Skipped } from './benchmark.ts';

const git = (root: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawnSync('git', ['-C', root, ...args], { encoding: 'utf8', env: { ...process.env, ...env } });

/** The full id of a commit of a clone, which may be named as git does. Throws `UsageError` when it can't be had. */
export const commitIn = (root: string, name: string): string => {
  const found = git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`]);
  if (found.status === 0) return found.stdout.trim();
  if (found.error) throw new UsageError(`--commit needs git: ${found.error.message}`);
  const shallow = git(root, ['rev-parse', '--is-shallow-repository']);
  if (shallow.status !== 0) throw new UsageError(`--commit needs a clone with its history; ${root} is not under git`);
  if (shallow.stdout.trim() === 'true')
    throw new UsageError(`This clone is shallow and has no commit ${name}: run git fetch --unshallow`);
  throw new UsageError(`There is no commit ${name} in this clone: look at git log, or run git fetch`);
};

/** What the product runs from, as paths in a clone. */
const sources = ['src', 'package.json', 'package-lock.json'];

/** Whether a clone has changes of the product that no commit has. */
export const hasChanges = (root: string): boolean => {
  const { status, stdout } = git(root, ['status', '--porcelain', '--', ...sources]);
  return status === 0 && stdout.trim() !== '';
};

const lockOf = (root: string): string => readFileSync(join(root, 'package-lock.json'), 'utf8');

/** Gives a checkout the packages of another. What Node keeps beside them, of what it compiled, stays with each. */
const linkPackages = (from: string, to: string): void => {
  mkdirSync(join(to, 'node_modules'));
  for (const name of readdirSync(join(from, 'node_modules'))) {
    if (name !== '.cache') symlinkSync(join(from, 'node_modules', name), join(to, 'node_modules', name));
  }
};

const installPackages = async (folder: string): Promise<void> => {
  const args = ['ci', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], timeout: 300_000 });
  const kill = (): void => void npm.kill('SIGKILL');
  process.once('exit', kill);
  const ended = once(npm, 'exit');
  const said = await text(npm.stderr);
  await ended;
  process.off('exit', kill);
  if (npm.exitCode !== 0) throw new Skipped(`The packages of the other commit could not be installed: ${said}`);
};

/**
 * Puts the files of a commit, and the packages that it asks for, into a folder that is not there yet. The clone has nothing of
 * it afterwards, unlike with a worktree, so who removes the folder leaves nothing behind.
 */
export const checkOut = async (root: string, commit: string, folder: string): Promise<void> => {
  const env = { GIT_INDEX_FILE: `${folder}.index` };
  for (const args of [
    ['read-tree', commit],
    ['checkout-index', '--all', `--prefix=${folder}/`],
  ]) {
    const { status, stderr } = git(root, args, env);
    if (status !== 0) throw new Error(`git ${args[0]} of ${commit} failed: ${stderr}`);
  }
  if (lockOf(root) === lockOf(folder)) linkPackages(root, folder);
  else await installPackages(folder);
};
