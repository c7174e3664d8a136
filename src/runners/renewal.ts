import { unrepeatable } from '../engine/command.ts';
import { jobs } from '../projections/jobs.ts';
import type { AnyProjection } from '../projections/projection.ts';
import type { WorkContext } from '../jobs/work.ts';
import { generationName, servingOf, versionOf } from '../readmodels/generations.ts';
import { requestRebuild } from '../jobs/request-rebuild.ts';

/**
 * Asks for the documents of those projections to be made again that an older version of the projection has made, each by a job.
 * Until it is done the old ones answer. Asking again, or from another process, while one is open changes nothing. Rejects when
 * the log or the read models are away.
 */
export const renewOutdated = async (
  context: Pick<WorkContext, 'engine' | 'readModels' | 'reached' | 'head'>,
  projections: readonly Pick<AnyProjection, 'name' | 'version'>[],
  newId: () => string,
): Promise<void> => {
  const { readModels, reached, head } = context;
  for (const { name, version } of projections) {
    const serving = generationName(name, await servingOf(readModels, name));
    if ((await versionOf(readModels, serving)) >= version) continue;
    // A job that was asked for before must be seen.
    await reached(await head(), [jobs.name]);
    const request = { commandId: unrepeatable(newId()), correlationId: newId(), actor: 'worker' };
    await requestRebuild(context, name, request);
  }
};
