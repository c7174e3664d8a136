import { z } from 'zod';
import type { Builders } from '../projections/running.ts';
import { generationName, servingOf } from '../readmodels/generations.ts';
import type { JobAt, Progress, Work } from './work.ts';

/** How long the old generation is kept after it served last, in ms: longer than anybody reads what was looked up before. */
const grace = 5_000;

const details = z.object({ projection: z.string(), generation: z.number() });

/** What the documents were and are, when the new generation began to serve. */
const swapped = z.object({ documentsBefore: z.number(), documents: z.number() });

/**
 * Builds a generation of a projection beside the one that serves, from the log's beginning; lets it serve when it has
 * everything, and removes the old one. Until then the old one answers, so nobody sees less than there is. What a process that
 * died had built is gone on with.
 */
export const rebuildProjection = ({ build, serve, finish }: Builders): Work => {
  const building = async (job: JobAt, head: number): Promise<Progress> => {
    const { projection, generation } = details.parse(job.details);
    const { position, live } = await build(projection, generation);
    const cursor = live ? 'swap' : 'build';
    return { cursor, done: Math.min(position, head), total: head, complete: false };
  };

  return {
    kind: 'rebuild-projection',
    step: async (job, { readModels, head, pause }) => {
      const { projection, generation } = details.parse(job.details);
      const { done, total, cursor } = job;
      if (cursor === '' || cursor === 'build') return building(job, await head());
      if (cursor === 'swap') {
        const serving = await servingOf(readModels, projection);
        const documentsBefore = await readModels.size(generationName(projection, serving));
        await serve(projection, generation);
        const documents = await readModels.size(generationName(projection, generation));
        return { cursor: JSON.stringify({ documentsBefore, documents }), done, total, complete: false };
      }
      await pause(grace);
      // Read models that were deleted since begin with generation 0 again, and that one serves: it must not be dropped.
      if ((await servingOf(readModels, projection)) < generation) return building(job, await head());
      await finish(projection, generation);
      const result = { generation, ...swapped.parse(JSON.parse(cursor)) };
      return { cursor, done: total, total, complete: true, result };
    },
    abandon: async (job, { readModels }) => {
      const { projection, generation } = details.parse(job.details);
      if ((await servingOf(readModels, projection)) < generation) await finish(projection, generation);
    },
  };
};
