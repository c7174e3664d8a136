import { z } from 'zod';
import type { Aggregate, Event } from '../../domain/event.ts';
import type { Recorded } from '../../eventstore/event-store.ts';
import { pageOf } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import type { ApiContext } from '../http/context.ts';

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

/** Who published a version. */
export const publisherOf = ({ metadata: { actor } }: Recorded): { publishedBy?: string } =>
  actor === undefined ? {} : { publishedBy: actor };

/** The parameters of a path to one version. */
export const ofVersion = z.object({ projectId: z.string(), version: z.coerce.number().int().min(1) });

/** What of some kind is published in a stream: versions that count up, among other facts. */
export type PublishedIn<S, E extends Event, T extends { readonly version: number }> = {
  readonly aggregate: Aggregate<S, E>;
  readonly id: string;
  readonly newest: (state: S) => number;
  readonly pick: (event: Recorded<E>) => T | undefined;
};

/** How many facts are read at a time: few, as each may be large. */
const factsAtOnce = 8;

/** Characters of JSON after which a page has no more; one version may have so many by itself. */
const mostOfPage = 2_097_152;

type Found<T> = { readonly item: T; readonly revision: number };

/** The facts from one revision to another: one read gives fewer of them where they are large. */
const factsBetween = async <E extends Event>(
  { engine: { states } }: ApiContext,
  stream: string,
  [from, to]: readonly [number, number],
): Promise<readonly Recorded<E>[]> => {
  const facts: Recorded<E>[] = [];
  for (let next = from; next <= to;) {
    const some = await states.read<E>(stream, next - 1, to - next + 1);
    facts.push(...some);
    next = (some.at(-1)?.revision ?? to) + 1;
  }
  return facts;
};

/** What was published, by the facts from one revision to another, newest first. */
async function* backwards<S, E extends Event, T extends { readonly version: number }>(
  api: ApiContext,
  { aggregate, id, pick }: PublishedIn<S, E, T>,
  from: number,
  to: number,
): AsyncGenerator<Found<T>> {
  for (let end = to; end >= from; end -= factsAtOnce) {
    const begin = Math.max(from, end - factsAtOnce + 1);
    const facts = await factsBetween<E>(api, `${aggregate.name}-${id}`, [begin, end]);
    for (const fact of facts.toReversed()) {
      const item = pick(fact);
      if (item) yield { item, revision: fact.revision };
    }
  }
}

/**
 * The page that is asked for of what was published, newest first. It has fewer than asked for when those are large. Throws a
 * `Problem` for a cursor that does not fit.
 */
export const publishedPage = async <S, E extends Event, T extends { readonly version: number }>(
  api: ApiContext,
  scope: readonly unknown[],
  asked: { readonly limit: number; readonly cursor?: string | undefined },
  published: PublishedIn<S, E, T>,
): Promise<{ data: T[]; nextCursor: string | null }> => {
  const { revision: last } = await api.engine.states.refresh(published.aggregate, published.id);
  const page = await pageOf<T>(api, scope, asked, async ({ limit, after: [before] = [] }) => {
    const docs: T[] = [];
    let [characters, end] = [0, -1];
    for await (const { item, revision } of backwards(
      api,
      published,
      0,
      before === undefined ? last : Number(before) - 1,
    )) {
      characters += JSON.stringify(item).length;
      if (docs.length === limit || (docs.length > 0 && characters > mostOfPage)) return { docs, next: [end] };
      docs.push(item);
      end = revision;
    }
    return { docs };
  });
  return { ...page, data: [...page.data] };
};

/** The version that is asked for. Throws a `Problem` when there is none. */
export const versionOf = async <S, E extends Event, T extends { readonly version: number }>(
  api: ApiContext,
  published: PublishedIn<S, E, T>,
  version: number,
): Promise<T> => {
  const { state, revision: last } = await api.engine.states.refresh(published.aggregate, published.id);
  const newest = published.newest(state);
  // Each version has a fact of its own, so it is not among the first ones, nor among the last.
  const [from, to] = [Math.max(0, version - 1), last - (newest - version)];
  if (version <= newest) {
    for await (const { item } of backwards(api, published, from, to)) if (item.version === version) return item;
  }
  throw new Problem('not-found', `There is no version ${version}; ${newest} is the newest`);
};
