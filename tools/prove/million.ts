import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../bench/support/benchmark.ts';
import type { Prepared } from '../../bench/support/prepared.ts';
import { preparedLog } from '../../bench/support/prepared.ts';
import { removeReadModels } from '../chaos/files.ts';

/** How many activities each lead of a written log has. */
export const activitiesEach = 20;

/** A data folder whose log has so many leads, with nothing made of it yet. */
export const writtenLog = async (folder: string, leads: number, say: (line: string) => void): Promise<Prepared> => {
  const lab: Lab = {
    rounds: 1,
    say,
    folder: () => folder,
    prepared: async (what, make) => {
      const place = join(folder, what);
      mkdirSync(place, { recursive: true });
      await make(place);
      return place;
    },
  };
  const prepared = await preparedLog(lab, 'written', [{ leads, activities: activitiesEach }]);
  removeReadModels(prepared.dataDir);
  return prepared;
};
