import { z } from 'zod';
import type { Event } from '../domain/event.ts';
import { pageLimits } from '../eventstore/page.ts';
import type { Asked } from './paging.ts';
import { pageOf } from './paging.ts';
import { Problem } from './problems.ts';
import type { World } from './world.ts';

/** What a read gave can be sent back as it is, so what only an answer has is left out. */
export const withoutAnswerFields = (body: unknown): unknown =>
  typeof body === 'object' && body !== null && !Array.isArray(body)
    ? Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'version' && key !== 'publishedAt'))
    : body;

/** The parameters of a path to one version. */
export const ofVersion = z.object({ projectId: z.string(), version: z.coerce.number().int().min(1) });

/** What has versions: the stream that publishes them, one after the other, and what its facts say of them. */
export type Versions<E extends Event, T> = {
  readonly stream: string;
  readonly pick: (event: E) => readonly T[];
};

type Version = { readonly version: number };

/** What the facts of a stream published, in its order, a page at a time. */
async function* published<E extends Event, T extends Version>(
  { engine }: World,
  { stream, pick }: Versions<E, T>,
): AsyncGenerator<readonly T[]> {
  for await (const facts of engine.states.pages<E>(stream, -1)) yield facts.flatMap(pick);
}

/**
 * The page of versions that is asked for, newest first. No more of them are in memory than the page has: so many as are asked
 * for, fewer when they are large.
 */
export const versionsIn = async <E extends Event, T extends Version>(
  world: World,
  scope: readonly unknown[],
  asked: Asked,
  versions: Versions<E, T>,
): Promise<{ data: T[]; nextCursor: string | null }> => {
  const page = await pageOf<T>(world, scope, asked, async ({ limit, after: [before = 0] = [] }) => {
    const docs: { readonly version: T; readonly bytes: number }[] = [];
    let [bytes, more] = [0, false];
    for await (const some of published(world, versions)) {
      for (const version of some) {
        if (before !== 0 && version.version >= -Number(before)) continue;
        const size = JSON.stringify(version).length;
        docs.push({ version, bytes: size });
        bytes += size;
        while (docs.length > limit || (docs.length > 1 && bytes > pageLimits.bytes)) {
          bytes -= docs.shift()?.bytes ?? 0;
          more = true;
        }
      }
    }
    const newestFirst = docs.map(({ version }) => version).reverse();
    const last = newestFirst.at(-1);
    return { docs: newestFirst, ...(more && last && { next: [-last.version] }) };
  });
  return { data: [...page.data], nextCursor: page.nextCursor };
};

/** The version that is asked for. Throws a `Problem` when there is none. */
export const versionIn = async <E extends Event, T extends Version>(
  world: World,
  versions: Versions<E, T>,
  version: number,
): Promise<T> => {
  let newest = 0;
  for await (const some of published(world, versions)) {
    const found = some.find((each) => each.version === version);
    if (found) return found;
    newest = some.at(-1)?.version ?? newest;
  }
  throw new Problem('not-found', `There is no version ${version}; ${newest} is the newest`);
};
