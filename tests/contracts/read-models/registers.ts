import { describe, expect, it } from 'vitest';
import type { Given } from '../read-models.ts';
import { people } from './people.ts';

/** How every adapter keeps numbers that only grow. */
export const registersContract = ({ home, prepared }: Given): void => {
  describe('registers', () => {
    it('are 0 at first, and are raised and never lowered', async () => {
      const { readModels } = await prepared();
      expect(await readModels.register('serving:people')).toBe(0);
      await readModels.raise('serving:people', 2);
      await readModels.raise('serving:people', 1);
      expect(await readModels.register('serving:people')).toBe(2);
      await readModels.raise('serving:people', 3);
      expect(await readModels.register('serving:people')).toBe(3);
      expect([await readModels.register('built:people'), await readModels.register('repaired')]).toEqual([0, 0]);
    });

    it('are 0 where nobody prepared anything', async () => {
      const open = await home();
      const reader = await open({ readOnly: true });
      expect(await reader.register('repaired')).toBe(0);
    });

    it('have the highest number when several raise them at once, and everybody sees it', async () => {
      const { open, readModels } = await prepared();
      const other = await open();
      const numbers = Array.from({ length: 20 }, (_, at) => ((at * 7) % 20) + 1);
      await Promise.all(numbers.map((to) => (to % 2 ? readModels : other).raise('repaired', to)));
      expect({
        readModelsRegister: await readModels.register('repaired'),
        otherRegister: await other.register('repaired'),
      }).toEqual({ readModelsRegister: 20, otherRegister: 20 });
    });

    it('of a collection outlast it, so that no number is given twice', async () => {
      const { readModels } = await prepared();
      await readModels.raise(`built:${people.name}`, 1);
      await readModels.drop(people.name);
      expect(await readModels.register(`built:${people.name}`)).toBe(1);
    });

    it('that an older version kept as checkpoints are still what they were', async () => {
      const { readModels } = await prepared();
      await readModels.saveCheckpoint('serving:people', 4);
      expect(await readModels.register('serving:people')).toBe(4);
      await readModels.raise('serving:people', 5);
      expect(await readModels.checkpoint('serving:people')).toBe(5);
    });
  });
};
