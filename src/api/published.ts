import { z } from 'zod';
import type { RosterEvent } from '../domain/roster-events.ts';
import { roster } from '../domain/roster.ts';
import { Problem } from './problems.ts';
import type { World } from './world.ts';

/** What a read gave can be sent back as it is, so what only an answer has is left out. */
export const withoutAnswerFields = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && !Array.isArray(body)
    ? Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'version' && key !== 'publishedAt'))
    : body;

/** The parameters of a path to one version. */
export const ofVersion = z.object({ projectId: z.string(), version: z.coerce.number().int().min(1) });

/** What of some kind was published by the facts of a roster, newest first. */
export const publishedOf = async <T extends { readonly version: number }>(
  { engine }: World,
  projectId: string,
  pick: (event: RosterEvent) => readonly T[],
): Promise<readonly T[]> => {
  const events = await engine.states.read<RosterEvent>(`${roster.name}-${projectId}`, -1);
  return events.flatMap(pick).reverse();
};

/** The version that is asked for. Throws a `Problem` when there is none. */
export const versionIn = <T extends { readonly version: number }>(all: readonly T[], version: number): T => {
  const found = all.find((each) => each.version === version);
  if (found) return found;
  throw new Problem('not-found', `There is no version ${version}; ${all[0]?.version ?? 0} is the newest`);
};
