import type { Page, Range } from './queries.ts';

type Keyed<D> = { readonly item: D; readonly key: string | number };

/** The first items in the order of their keys, `count` of them at most: all are looked at once, and only so many are put in order. */
const firstOf = <D>(items: Iterable<Keyed<D>>, count: number): readonly Keyed<D>[] => {
  const first: Keyed<D>[] = [];
  for (const each of items) {
    const last = first.at(-1);
    if (first.length === count && last && each.key >= last.key) continue;
    const place = first.findLastIndex(({ key }) => key <= each.key) + 1;
    first.splice(place, 0, each);
    if (first.length > count) first.pop();
  }
  return first;
};

/** A page of what is in memory, in the order of its keys. */
export const pageIn = <D>(
  items: Iterable<D>,
  keyOf: (item: D) => string | number,
  { limit, after: [last] = [] }: Range,
): Page<D> => {
  const keyed: Keyed<D>[] = [];
  for (const item of items) {
    const key = keyOf(item);
    if (last === undefined || key > last) keyed.push({ item, key });
  }
  const found = firstOf(keyed, limit + 1);
  const docs = found.slice(0, limit);
  const end = docs.at(-1);
  return {
    docs: docs.map(({ item }) => item),
    ...(found.length > limit && end !== undefined && { next: [end.key] }),
  };
};
