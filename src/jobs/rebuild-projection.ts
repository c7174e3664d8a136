import { z } from 'zod';
import type { Builders } from '../runners/projections.ts';
import { generationName, servingOf } from '../readmodels/generations.ts';
import type { Documents } from '../readmodels/documents.ts';
import type { Registers } from '../readmodels/registers.ts';
import { allProjections } from './request-rebuild.ts';
import type { JobAt, Progress, JobHandler } from './job-handler.ts';

/** How long the old generation is kept after it served last, in ms: longer than anybody reads what was looked up before. */
const grace = 5_000;

const details = z.object({ projection: z.string(), generation: z.number() });

/** What the documents were and are, when the new generation began to serve. */
const swapped = z.object({ documentsBefore: z.number(), documents: z.number() });

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/**
 * Builds a generation of a projection beside the one that serves, from the log's beginning; lets it serve when it has
 * everything, and removes the old one. Until then the old one answers, so nobody sees less than there is. What a process that
 * died had built is gone on with. `every` are the names of all projections, which one job may make again together.
 */
export const rebuildProjection = ({ build, serve, finish }: Builders, every: readonly string[]): JobHandler => {
  const asked = (job: Pick<JobAt, 'details'>) => {
    const { projection, generation } = details.parse(job.details);
    return { generation, names: projection === allProjections ? every : [projection] };
  };

  const building = async (job: JobAt, head: number): Promise<Progress> => {
    const { names, generation } = asked(job);
    const built = await Promise.all(names.map((name) => build(name, generation)));
    const cursor = built.every(({ live }) => live) ? 'swap' : 'build';
    const position = Math.min(head, ...built.map((each) => each.position));
    return { cursor, done: position, total: head, complete: false };
  };

  const sizeOf = async (readModels: Documents & Registers, names: readonly string[]): Promise<number> => {
    const sizes = names.map(async (name) => readModels.size(generationName(name, await servingOf(readModels, name))));
    return sum(await Promise.all(sizes));
  };

  const leastServing = async (readModels: Registers, names: readonly string[]): Promise<number> =>
    Math.min(...(await Promise.all(names.map((name) => servingOf(readModels, name)))));

  return {
    kind: 'rebuild-projection',
    step: async (job, { readModels, head, sleep }) => {
      const { names, generation } = asked(job);
      const { done, total, cursor } = job;
      if (cursor === '' || cursor === 'build') return building(job, await head());
      if (cursor === 'swap') {
        const documentsBefore = await sizeOf(readModels, names);
        for (const name of names) await serve(name, generation);
        const documents = await sizeOf(readModels, names);
        return { cursor: JSON.stringify({ documentsBefore, documents }), done, total, complete: false };
      }
      await sleep(grace);
      // Read models that were deleted since begin with generation 0 again, and that one serves: it must not be dropped.
      if ((await leastServing(readModels, names)) < generation) return building(job, await head());
      for (const name of names) await finish(name, generation);
      const result = { generation, ...swapped.parse(JSON.parse(cursor)) };
      return { cursor, done: total, total, complete: true, result };
    },
    abandon: async (job, { readModels }) => {
      const { names, generation } = asked(job);
      for (const name of names) if ((await servingOf(readModels, name)) < generation) await finish(name, generation);
    },
  };
};
