import { describe, expect, it } from 'vitest';
import type { Given } from '../read-models.ts';
import { people, person, stored } from './people.ts';

/** What every adapter keeps of how far readers have come. */
export const checkpointsContract = ({ prepared }: Given): void => {
  describe('checkpoints', () => {
    it('start at 0, move forward and never back', async () => {
      const { readModels } = await prepared();
      expect(await readModels.checkpoint('reader')).toBe(0);
      await readModels.saveCheckpoint('reader', 7);
      await readModels.saveCheckpoint('reader', 3);
      expect(await readModels.checkpoint('reader')).toBe(7);
      await readModels.save(people, [], 7);
      await readModels.save(people, [], 3);
      expect(await readModels.checkpoint(people.name)).toBe(7);
      await readModels.saveCheckpoint('reader', 8);
      expect(await readModels.checkpoint('reader')).toBe(8);
      expect(await readModels.checkpoint('another')).toBe(0);
    });

    const factAt = (position: number) => ({ id: `f${position}`, stream: 's-1', revision: position - 1, position });

    it('stand on the fact that they were last moved to, and keep it when nobody says', async () => {
      const { readModels } = await prepared();
      expect(await readModels.standing('reader')).toEqual({ position: 0 });
      await readModels.saveCheckpoint('reader', 7, factAt(6));
      await readModels.saveCheckpoint('reader', 3, factAt(3));
      await readModels.saveCheckpoint('reader', 7, factAt(7));
      expect(await readModels.standing('reader')).toEqual({ position: 7, fact: factAt(6) });
      await readModels.saveCheckpoint('reader', 9);
      expect(await readModels.standing('reader')).toEqual({ position: 9, fact: factAt(6) });
      await readModels.saveCheckpoint('reader', 10, factAt(10));
      expect(await readModels.standing('reader')).toEqual({ position: 10, fact: factAt(10) });
      expect(await readModels.checkpoint('reader')).toBe(10);
    });

    it('of a collection stand on the fact that its documents were saved with, and go with it', async () => {
      const { readModels } = await prepared();
      await readModels.save(people, [stored(4, person('a'))], 5, factAt(5));
      expect(await readModels.standing(people.name)).toEqual({ position: 5, fact: factAt(5) });
      await readModels.save(people, [stored(4, person('a'))], 4, factAt(4));
      expect(await readModels.standing(people.name)).toEqual({ position: 5, fact: factAt(5) });
      await readModels.drop(people.name);
      expect(await readModels.standing(people.name)).toEqual({ position: 0 });
      await readModels.prepare([people]);
      await readModels.save(people, [], 2);
      expect(await readModels.standing(people.name)).toEqual({ position: 2 });
    });

    it('of a reader can be dropped with the fact, so that it begins again, and only that', async () => {
      const { readModels } = await prepared();
      await readModels.saveCheckpoint('reader', 7, factAt(7));
      await readModels.saveCheckpoint('another', 8, factAt(8));
      for (let again = 0; again < 2; again++) await readModels.dropCheckpoint('reader');
      expect(await readModels.standing('reader')).toEqual({ position: 0 });
      expect(await readModels.standing('another')).toEqual({ position: 8, fact: factAt(8) });
      await readModels.saveCheckpoint('reader', 2);
      expect(await readModels.standing('reader')).toEqual({ position: 2 });
    });

    it('stand on the fact of the one who is furthest, when several move them at once', async () => {
      const { readModels } = await prepared();
      const positions = Array.from({ length: 20 }, (_, at) => ((at * 7) % 20) + 1);
      await Promise.all(positions.map((at) => readModels.saveCheckpoint('reader', at, factAt(at))));
      expect(await readModels.standing('reader')).toEqual({ position: 20, fact: factAt(20) });
    });
  });
};
