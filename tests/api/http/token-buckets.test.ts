import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientNetwork } from '../../../src/api/http/client-network.ts';
import { tokenBuckets } from '../../../src/api/http/token-buckets.ts';

describe('A bucket', () => {
  it('lets through what is in it and what comes in meanwhile, never more, and nothing in part', () => {
    const steps = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: 30_000 }), cost: fc.integer({ min: 1, max: 40 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), steps, (perMinute, asked) => {
        const time = { at: 0 };
        const buckets = tokenBuckets(perMinute, () => time.at);
        const taken: { readonly at: number; readonly cost: number }[] = [];
        for (const { wait, cost } of asked) {
          time.at += wait;
          const before = buckets.look('a');
          const { allowed, left, reset, wait: until } = buckets.take('a', cost);
          if (allowed) taken.push({ at: time.at, cost });
          expect(left).toBe(allowed ? before.left - cost : before.left);
          expect(reset).toBeLessThanOrEqual(60);
          expect(until === 0).toBe(allowed);
        }
        for (const [from, { at }] of taken.entries()) {
          let sum = 0;
          for (const { at: later, cost } of taken.slice(from)) {
            sum += cost;
            expect(sum).toBeLessThanOrEqual(perMinute + ((later - at) * perMinute) / 60_000 + 1e-6);
          }
        }
      }),
      { examples: [[9, [{ wait: 0, cost: 9 }]]] },
    );
  });

  it('says when what was asked for is there, and then it is', () => {
    const costs = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 10_000 }), fc.array(costs, { minLength: 1 }), (perMinute, asked) => {
        const time = { at: 0 };
        const buckets = tokenBuckets(perMinute, () => time.at);
        buckets.take('a', perMinute);
        for (const cost of asked) {
          const { allowed, wait } = buckets.take('a', cost);
          if (allowed) continue;
          time.at += wait * 1_000;
          expect(buckets.take('a', cost).allowed).toBe(true);
        }
      }),
    );
  });

  it('is forgotten where there are too many, the one that nobody asked for longest first', () => {
    const buckets = tokenBuckets(1, () => 0, 3);
    for (const who of ['a', 'b', 'c']) buckets.take(who, 1);
    expect(buckets.look('a').allowed).toBe(false);
    buckets.take('d', 1);
    expect(['a', 'b', 'c', 'd'].map((who) => buckets.look(who).allowed)).toEqual([false, true, false, false]);
  });

  it('takes back no more than there was', () => {
    const buckets = tokenBuckets(2, () => 0);
    buckets.take('a', 1);
    buckets.giveBack('a', 5);
    expect(buckets.look('a').left).toBe(2);
  });
});

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0000:0000:ffff::', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
  ['x'.repeat(500), 'x'.repeat(64)],
])('The network of %s is %s', (address, network) => {
  expect(clientNetwork(address)).toBe(network);
});
