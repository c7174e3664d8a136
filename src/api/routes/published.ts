import { z } from 'zod';
import type { Event } from '../../domain/event.ts';
import type { PublishedIn } from '../../queries/published.ts';
import { publishedVersion } from '../../queries/published.ts';
import type { QueryContext } from '../../queries/queries.ts';
import { Problem } from '../http/problems.ts';

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const ofAnswers: readonly string[] = ['version', 'publishedAt', 'publishedBy', 'restores'];

/**
 * What a read gave can be sent back as it is, be it what is in force or one of its versions, which has it as a `member`: so what
 * only an answer has is left out.
 */
export const withoutAnswerFields =
  (member: string) =>
  (body: unknown): unknown => {
    if (!isObject(body)) return body;
    const said = Object.entries(body).filter(([key]) => !ofAnswers.includes(key));
    const [, whole] = said.find(([key]) => key === member) ?? [];
    if (!isObject(whole)) return Object.fromEntries(said);
    return { ...whole, ...Object.fromEntries(said.filter(([key]) => key !== member)) };
  };

/** Who published a version, as far as that was recorded: a key by its id, or the root key. */
export const publishedBy = z.string().optional().describe('`root`, or `key:` and the id of a key');

/** The parameters of a path to one version. */
export const ofVersion = z.object({ projectId: z.string(), version: z.coerce.number().int().min(1) });

/** The version that is asked for. Throws a `Problem` when there is none. */
export const versionOf = async <S, E extends Event, T extends { readonly version: number }>(
  context: QueryContext,
  published: PublishedIn<S, E, T>,
  version: number,
): Promise<T> => {
  const { newest, item } = await publishedVersion(context, published, version);
  if (item) return item;
  throw new Problem('not-found', `There is no version ${version}; ${newest} is the newest`);
};
