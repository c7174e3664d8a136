import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { VaultUnavailable } from '../../src/outside/vault/boxes.ts';
import { openSqliteBoxes } from '../../src/outside/vault/sqlite/boxes.ts';
import { vaultOver } from '../../src/outside/vault/vault.ts';
import { vaultContract } from './vault.ts';

const newFile = () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-vault-'));
  return { path: join(folder, 'inside', 'vault.db'), remove: () => rmSync(folder, { recursive: true, force: true }) };
};

vaultContract('a file', async () => {
  const { path, remove } = newFile();
  return { open: async () => openSqliteBoxes(path), remove: async () => remove() };
});

const opened = () => {
  const { path, remove } = newFile();
  const vault = vaultOver(openSqliteBoxes(path), { current: Buffer.alloc(32, 7) });
  onTestFinished(async () => {
    await vault.close();
    remove();
  });
  return { path, vault };
};

it('The file of a vault is for its owner alone, and is the same after it was closed', async () => {
  const { path, vault } = opened();
  const version = await vault.put('a', Buffer.from('secret'), 0);
  expect([path, `${path}-wal`].map((each) => statSync(each).mode & 0o777)).toEqual([0o600, 0o600]);
  await vault.close();
  const again = vaultOver(openSqliteBoxes(path), { current: Buffer.alloc(32, 7) });
  onTestFinished(() => again.close());
  expect(await again.get('a')).toEqual({ value: Buffer.from('secret'), version });
});

it('Of a box that was removed the file has no trace when it is closed', async () => {
  const { path, vault } = opened();
  await vault.put('erased', Buffer.from('secret'), 0);
  await vault.put('kept', Buffer.from('secret'), 0);
  await vault.remove('erased');
  await vault.close();
  const file = readFileSync(path);
  expect([file.includes('kept'), file.includes('erased')]).toEqual([true, false]);
});

it('A vault whose file can not be read says which, and what to do', async () => {
  const { path, vault } = opened();
  await vault.close();
  await expect(vault.get('a')).rejects.toThrow(VaultUnavailable);
  await expect(vault.get('a')).rejects.toThrow(`Vault in ${path}`);
  expect(() => openSqliteBoxes('/dev/null/vault.db')).toThrow(/Vault in .*check the file and its disk/);
});
