import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOut, commitIn, hasChanges } from '../../bench/support/commit.ts';

let folder = '';
let clone = '';
const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: clone, encoding: 'utf8' }).trim();

const commit = (file: string, text: string): string => {
  writeFileSync(join(clone, file), text);
  git('add', '.');
  git('-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', 'commit', '--quiet', '--message', file);
  return git('rev-parse', 'HEAD');
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leadfold-commit-'));
  clone = join(folder, 'clone');
  mkdirSync(join(clone, 'src'), { recursive: true });
  git('init', '--quiet');
  commit('.gitignore', 'node_modules\n');
  commit('package-lock.json', '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a commit that is named', () => {
  it('is known by its full id, however it was named', () => {
    const first = commit('src/main.ts', 'first');
    commit('src/main.ts', 'second');
    expect(commitIn(clone, 'HEAD~1')).toBe(first);
    expect(commitIn(clone, first.slice(0, 9))).toBe(first);
  });

  it.each(['0123456', 'no-such-branch', '--all', ''])('can not be %j', (name) => {
    expect(() => commitIn(clone, name)).toThrow(`There is no commit ${name} in this clone`);
  });

  it('may be missing because the clone is shallow', () => {
    const first = git('rev-parse', 'HEAD');
    commit('src/main.ts', 'second');
    const shallow = join(folder, 'shallow');
    git('clone', '--quiet', '--depth', '1', `file://${clone}`, shallow);
    expect(() => commitIn(shallow, first)).toThrow(`This clone is shallow and has no commit ${first}: run git fetch`);
  });

  it('needs a clone', () => {
    expect(() => commitIn(folder, 'HEAD')).toThrow(`${folder} is not under git`);
  });
});

describe('changes of a clone', () => {
  it('are those of what the product runs from', () => {
    writeFileSync(join(clone, 'notes.md'), 'notes');
    expect(hasChanges(clone)).toBe(false);
    writeFileSync(join(clone, 'src', 'new.ts'), 'new');
    expect(hasChanges(clone)).toBe(true);
  });
});

describe('a commit that is checked out', () => {
  const checkout = (): string => join(folder, 'checkout');
  const withPackages = (): void => {
    mkdirSync(join(clone, 'node_modules', '.cache'), { recursive: true });
    mkdirSync(join(clone, 'node_modules', 'zod'));
  };

  it('has its own files and the packages of the clone, which knows nothing of it', async () => {
    const first = commit('src/main.ts', 'first');
    commit('src/main.ts', 'second');
    withPackages();
    await checkOut(clone, first, checkout());
    expect(readFileSync(join(checkout(), 'src', 'main.ts'), 'utf8')).toBe('first');
    expect(existsSync(join(checkout(), 'node_modules', 'zod'))).toBe(true);
    expect(existsSync(join(checkout(), 'node_modules', '.cache'))).toBe(false);
    expect(git('status', '--porcelain')).toBe('');
    expect(git('worktree', 'list').split('\n')).toHaveLength(1);
  });

  it('has packages of its own when it asks for others, or there is no figure', async () => {
    const first = git('rev-parse', 'HEAD');
    commit('package-lock.json', '{"version":"2"}');
    withPackages();
    await expect(checkOut(clone, first, checkout())).rejects.toThrow('of the other commit could not be installed');
    expect(existsSync(join(checkout(), 'node_modules', 'zod'))).toBe(false);
  });
});
