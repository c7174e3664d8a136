import { expect, it } from 'vitest';
import { shared } from '../../../src/api/http/sharing.ts';
import { turnsOf } from '../../../src/api/http/turns.ts';

/** Work that ends when it is told to. */
const work = () => {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const run = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => void ends.push(() => resolve(name)));
  };
  return { begun, ends, run };
};

it('so much work of one name is under way at a time, and the rest in the order in which it came', async () => {
  const { begun, ends, run } = work();
  const inTurn = turnsOf(2);
  const all = ['a1', 'a2', 'a3', 'b1', 'a4'].map((name) => inTurn(name.charAt(0), run(name)));
  await Promise.resolve();
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  ends[1]?.();
  await all[1];
  await new Promise(setImmediate);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3']);
  for (let n = 0; n < 5; n++) {
    ends[n]?.();
    await new Promise(setImmediate);
  }
  expect(await Promise.all(all)).toEqual(['a1', 'a2', 'a3', 'b1', 'a4']);
});

it('work that fails makes room for the next', async () => {
  const inTurn = turnsOf(1);
  const failing = inTurn('a', () => Promise.reject(new Error('no')));
  const next = inTurn('a', async () => 'yes');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

it('one run is for all who ask while the one before it goes on, and none for what was before they asked', async () => {
  const { begun, ends, run } = work();
  const ask = shared(() => run(String(begun.length))());
  const first = ask();
  await new Promise(setImmediate);
  const later = [ask(), ask(), ask()];
  await new Promise(setImmediate);
  expect(begun).toEqual(['0']);
  ends[0]?.();
  expect(await first).toBe('0');
  await new Promise(setImmediate);
  ends[1]?.();
  expect(await Promise.all(later)).toEqual(['1', '1', '1']);
  expect(begun).toEqual(['0', '1']);
});

it('a run that fails is told to those who asked for it, and to nobody else', async () => {
  const runs = { count: 0 };
  const ask = shared(async () => {
    if (runs.count++ === 0) throw new Error('no');
    return runs.count;
  });
  await expect(ask()).rejects.toThrow('no');
  expect(await ask()).toBe(2);
});
