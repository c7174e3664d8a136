import type { Aggregate, Event } from '../domain/event.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Page, QueryContext, Range } from './queries.ts';
import { streamOf } from '../domain/streams.ts';

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
  { states }: QueryContext,
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
  context: QueryContext,
  { aggregate, id, pick }: PublishedIn<S, E, T>,
  from: number,
  to: number,
): AsyncGenerator<Found<T>> {
  for (let end = to; end >= from; end -= factsAtOnce) {
    const begin = Math.max(from, end - factsAtOnce + 1);
    const facts = await factsBetween<E>(context, streamOf(aggregate.name, id), [begin, end]);
    for (const fact of facts.toReversed()) {
      const item = pick(fact);
      if (item) yield { item, revision: fact.revision };
    }
  }
}

/** A page of what was published, newest first. It has fewer than asked for when those are large. */
export const publishedPage = async <S, E extends Event, T extends { readonly version: number }>(
  context: QueryContext,
  published: PublishedIn<S, E, T>,
  { limit, after: [before] = [] }: Range,
): Promise<Page<T>> => {
  const { revision: last } = await context.states.refresh(published.aggregate, published.id);
  const docs: T[] = [];
  let [characters, end] = [0, -1];
  const from = before === undefined ? last : Number(before) - 1;
  for await (const { item, revision } of backwards(context, published, 0, from)) {
    characters += JSON.stringify(item).length;
    if (docs.length === limit || (docs.length > 0 && characters > mostOfPage)) return { docs, next: [end] };
    docs.push(item);
    end = revision;
  }
  return { docs };
};

/** The version that is asked for, undefined when there is none; and the number of the newest. */
export const publishedVersion = async <S, E extends Event, T extends { readonly version: number }>(
  context: QueryContext,
  published: PublishedIn<S, E, T>,
  version: number,
): Promise<{ readonly newest: number; readonly item: T | undefined }> => {
  const { state, revision: last } = await context.states.refresh(published.aggregate, published.id);
  const newest = published.newest(state);
  if (version > newest) return { newest, item: undefined };
  // Each version has a fact of its own, so it is not among the first ones, nor among the last.
  const [from, to] = [Math.max(0, version - 1), last - (newest - version)];
  for await (const { item } of backwards(context, published, from, to)) {
    if (item.version === version) return { newest, item };
  }
  return { newest, item: undefined };
};
