import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Boxes } from '../../src/outside/vault/boxes.ts';
import { DamagedBox, sealingKeyOf } from '../../src/outside/vault/sealing.ts';
import type { MasterKeys, Vault } from '../../src/outside/vault/vault.ts';
import { VaultConflict, VaultLocked, vaultOver } from '../../src/outside/vault/vault.ts';

/** A store of boxes with nothing in it, that may be opened by many at the same time. */
export type BoxStore = { readonly open: () => Promise<Boxes>; readonly remove: () => Promise<void> };

const bytes = (text: string): Buffer => Buffer.from(text);

/** What every store of boxes has to do, and what the vault makes of it. */
export const vaultContract = (name: string, newStore: () => Promise<BoxStore>): void => {
  describe(`A vault over ${name}`, () => {
    const start = async () => {
      const store = await newStore();
      const opened: Boxes[] = [];
      onTestFinished(async () => {
        for (const boxes of opened) await boxes.close();
        await store.remove();
      });
      const boxes = async (): Promise<Boxes> => {
        const one = await store.open();
        opened.push(one);
        return one;
      };
      return { boxes, vault: async (keys: MasterKeys): Promise<Vault> => vaultOver(await boxes(), keys) };
    };
    const [old, current] = [randomBytes(32), randomBytes(32)];

    it('has nothing of a name until something is put there, and nothing after it was removed', async () => {
      const vault = await (await start()).vault({ current });
      expect(await vault.get('source/1')).toBeUndefined();
      const version = await vault.put('source/1', bytes('secret'), 0);
      expect(await vault.get('source/1')).toEqual({ value: bytes('secret'), version });
      await vault.remove('source/1');
      await vault.remove('source/1');
      expect(await vault.get('source/1')).toBeUndefined();
    });

    it('keeps any bytes, none and many, under any name', async () => {
      const vault = await (await start()).vault({ current });
      for (const value of [Buffer.alloc(0), randomBytes(1), randomBytes(64 * 1024)]) {
        const name = `"ü\0$ ${value.length}`;
        await vault.put(name, value, 0);
        expect((await vault.get(name))?.value).toEqual(value);
      }
      await expect(vault.put('large', randomBytes(64 * 1024 + 1), 0)).rejects.toThrow(
        /65537 bytes; 65536 are the most/,
      );
    });

    it('takes one of many that put at the same time, by the version that they know', async () => {
      const { vault } = await start();
      const many = await Promise.all(Array.from({ length: 5 }, () => vault({ current })));
      const race = async (expected: number): Promise<readonly PromiseSettledResult<number>[]> =>
        Promise.allSettled(many.map((each, index) => each.put('one', bytes(`by ${index}`), expected)));
      let version = 0;
      for (let round = 0; round < 3; round++) {
        const results = await race(version);
        const won = results.findIndex(({ status }) => status === 'fulfilled');
        for (const [index, result] of results.entries())
          if (index !== won) expect(result).toEqual({ status: 'rejected', reason: expect.any(VaultConflict) });
        const found = await many[0]?.get('one');
        expect(found?.value.toString()).toBe(`by ${won}`);
        version = found?.version ?? 0;
      }
    });

    it('gives a secret that is made again after it was removed a version that it never had', async () => {
      const vault = await (await start()).vault({ current });
      const version = await vault.put('one', bytes('first'), 0);
      await vault.remove('one');
      await vault.put('one', bytes('second'), 0);
      await expect(vault.put('one', bytes('stale'), version)).rejects.toThrow(VaultConflict);
      await expect(vault.put('other', bytes('stale'), version)).rejects.toThrow(VaultConflict);
      expect((await vault.get('one'))?.value).toEqual(bytes('second'));
    });

    it('shows who has its store nothing of what is in it, and never the same twice', async () => {
      const { boxes, vault } = await start();
      const secret = bytes('a secret that nobody must read');
      const opened = await vault({ current });
      await opened.put('a', secret, 0);
      await opened.put('b', secret, 0);
      const store = await boxes();
      const [a, b] = [(await store.get('a'))?.sealed, (await store.get('b'))?.sealed];
      expect([a?.includes(secret.subarray(0, 8)), b?.includes(secret.subarray(0, 8))]).toEqual([false, false]);
      expect(a?.equals(b ?? Buffer.alloc(0))).toBe(false);
      expect(await store.keyIds()).toEqual([sealingKeyOf(current).id]);
    });

    it('opens no box of which a byte was changed, and none in the place of another', async () => {
      const { boxes, vault } = await start();
      const opened = await vault({ current });
      await opened.put('a', bytes('of a'), 0);
      const store = await boxes();
      const box = await store.get('a');
      if (!box) throw new Error('There is no box');
      for (let place = 0; place < box.sealed.length; place++) {
        const sealed = Buffer.from(box.sealed);
        sealed[place] = (sealed[place] ?? 0) ^ 1;
        await store.put(`changed ${place}`, { ...box, sealed }, 0);
        await expect(opened.get(`changed ${place}`), `byte ${place}`).rejects.toThrow(DamagedBox);
      }
      await store.put('b', box, 0);
      await expect(opened.get('b')).rejects.toThrow(DamagedBox);
      await store.put('short', { ...box, sealed: box.sealed.subarray(0, 20) }, 0);
      await expect(opened.get('short')).rejects.toThrow(DamagedBox);
    });

    it('says that it is locked to who has another master key, and what to do', async () => {
      const { vault } = await start();
      await (await vault({ current: old })).put('a', bytes('of a'), 0);
      const locked = await vault({ current });
      await expect(locked.get('a')).rejects.toThrow(VaultLocked);
      await expect(locked.check()).rejects.toThrow(/LEADFOLD_MASTER_KEY: .*LEADFOLD_MASTER_KEY_PREVIOUS/);
      await expect(locked.reseal()).rejects.toThrow(VaultLocked);
      await (await vault({ current, previous: old })).check();
    });

    it('is taken over by another one, sealed with its key, without what that has already', async () => {
      const [from, to] = [await start(), await start()];
      const former = await from.vault({ current: old });
      for (let n = 0; n < 120; n += 1) await former.put(`secret/${n}`, bytes(`value ${n}`), 0);
      const vault = await to.vault({ current });
      await vault.put('secret/7', bytes('its own'), 0);
      expect(await former.copyTo(vault)).toBe(119);
      expect(await former.copyTo(vault)).toBe(0);
      expect((await vault.get('secret/7'))?.value.toString()).toBe('its own');
      expect((await vault.get('secret/119'))?.value.toString()).toBe('value 119');
      expect(await (await to.boxes()).keyIds()).toEqual([sealingKeyOf(current).id]);
    });

    it('is sealed again with a new master key while others read and write', async () => {
      const { boxes, vault } = await start();
      const before = await vault({ current: old });
      const names = Array.from({ length: 250 }, (_, index) => `secret/${String(index).padStart(3, '0')}`);
      for (const name of names) await before.put(name, bytes(`value of ${name}`), 0);
      const during = await vault({ current, previous: old });
      const writing = (async () => {
        for (const name of names.slice(0, 40).toReversed()) {
          const secret = await during.get(name);
          if (secret) await during.put(name, bytes(`new ${name}`), secret.version).catch(() => undefined);
        }
      })();
      const { resealed, changed } = await during.reseal();
      await writing;
      expect(resealed + changed).toBeLessThanOrEqual(250);
      expect(resealed).toBeGreaterThanOrEqual(200);
      expect(await (await boxes()).keyIds()).toEqual([sealingKeyOf(current).id]);
      expect(await during.reseal()).toEqual({ resealed: 0, changed: 0 });
      const after = await vault({ current });
      for (const name of names)
        expect((await after.get(name))?.value.toString()).toMatch(new RegExp(`^(value of|new) ${name}$`));
    });
  });
};
