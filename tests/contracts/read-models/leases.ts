import { describe, expect, it } from 'vitest';
import type { Given } from '../read-models.ts';

/** How every adapter gives what one process is to do at a time. */
export const leasesContract = ({ prepared }: Given): void => {
  describe('leases', () => {
    const at = (seconds: number): Date => new Date(seconds * 1_000);

    it('have one holder at a time, who may renew them', async () => {
      const { readModels } = await prepared();
      expect(await readModels.lease('leads', 'one', at(0), at(10))).toBe(true);
      expect(await readModels.lease('leads', 'two', at(1), at(11))).toBe(false);
      expect(await readModels.lease('leads', 'one', at(5), at(15))).toBe(true);
      expect(await readModels.lease('leads', 'two', at(12), at(22))).toBe(false);
      expect(await readModels.lease('history', 'two', at(12), at(22))).toBe(true);
    });

    it('are free to others from the time on at which they end', async () => {
      const { readModels } = await prepared();
      await readModels.lease('leads', 'one', at(0), at(10));
      expect(await readModels.lease('leads', 'two', new Date(9_999), at(20))).toBe(false);
      expect(await readModels.lease('leads', 'two', at(10), at(20))).toBe(true);
      expect(await readModels.lease('leads', 'one', at(11), at(21))).toBe(false);
    });

    it('tell who has them, and change with each renewal', async () => {
      const { readModels } = await prepared();
      expect(await readModels.leaseOf('leads')).toBe(undefined);
      await readModels.lease('leads', 'one', at(0), at(10));
      expect(await readModels.leaseOf('leads')).toEqual({ holder: 'one', until: 10_000 });
      await readModels.lease('leads', 'two', at(1), at(11));
      expect(await readModels.leaseOf('leads')).toEqual({ holder: 'one', until: 10_000 });
      await readModels.lease('leads', 'one', at(5), at(15));
      expect(await readModels.leaseOf('leads')).toEqual({ holder: 'one', until: 15_000 });
      expect(await readModels.leaseOf('history')).toBe(undefined);
      await readModels.release('leads', 'one');
      expect(await readModels.leaseOf('leads')).toBe(undefined);
    });

    it('are given back by their holder only', async () => {
      const { readModels } = await prepared();
      await readModels.lease('leads', 'one', at(0), at(10));
      await readModels.release('leads', 'two');
      await readModels.release('nobody took', 'two');
      expect(await readModels.lease('leads', 'two', at(1), at(11))).toBe(false);
      await readModels.release('leads', 'one');
      expect(await readModels.lease('leads', 'two', at(1), at(11))).toBe(true);
    });

    it('go to exactly one of two that ask at the same time, free or ended', async () => {
      const { open, readModels } = await prepared();
      const other = await open();
      for (let round = 0; round < 50; round += 1) {
        const [name, now, until] = [`${round % 25}`, at(round * 100), at(round * 100 + 10)];
        const won = await Promise.all([
          readModels.lease(name, 'one', now, until),
          other.lease(name, 'two', now, until),
        ]);
        expect(won.filter((each) => each)).toHaveLength(1);
      }
    });

    it('outlive the handle that took them', async () => {
      const { open, readModels } = await prepared();
      await readModels.lease('leads', 'one', at(0), at(10));
      await readModels.close();
      const other = await open();
      expect(await other.lease('leads', 'two', at(1), at(11))).toBe(false);
    });
  });
};
