import { expect, it } from 'vitest';
import { sharing } from '../../../src/runners/deliveries/sharing.ts';

it('What is asked at the same time is done once, and what is asked later or of another again', async () => {
  const share = sharing<number>();
  let asked = 0;
  const ask = async (): Promise<number> => (asked += 1);
  expect(await Promise.all([share('a', ask), share('a', ask), share('b', ask)])).toEqual([1, 1, 2]);
  expect(await share('a', ask)).toBe(3);
});

it('Each is told why it fails, and that is not kept', async () => {
  const share = sharing<number>();
  const fail = (): Promise<number> => Promise.reject(new Error('away'));
  const both = await Promise.allSettled([share('a', fail), share('a', fail)]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await share('a', async () => 1)).toBe(1);
});
