import { LRUCache } from 'lru-cache';
import type { ToldType } from '../../domain/deliveries/told.ts';
import { factsToldAs, leadOf, toldFacts, toldTypeOf } from '../../domain/deliveries/told-facts.ts';
import type { Event } from '../../domain/event.ts';
import { leadStreamId, streamOf, streamsOf } from '../../domain/streams.ts';
import type { EventStore, Filter, Recorded } from '../../eventstore/event-store.ts';
import type { ToldContext } from './told.ts';
import { toldOf } from './told.ts';

/** What of a project somebody wants to be told: of all leads or of one, all types or some. */
export type Wanted = {
  readonly projectId: string;
  readonly types: readonly ToldType[] | undefined;
  readonly leadId: string | undefined;
};

/** What is told of the fact at a position, as JSON: it is written once for all who are told. */
export type Item = { readonly position: number; readonly type: string; readonly text: string };

/** Items of the log in order, how far the log was read for them, and whether it ended there. */
export type FeedPage = { readonly items: readonly Item[]; readonly position: number; readonly atEnd: boolean };

/**
 * Somebody who waits for what comes. `take` is called with each item that is wanted, in the order of the log, and `flush` when
 * there are no more for now, with how far the log was read.
 */
export type Listener = {
  readonly wanted: Wanted;
  readonly take: (item: Item) => void;
  readonly flush: (position: number) => void;
};

/** What is told of the facts of the log, of its past and as they come. */
export type Feed = {
  /** Where a project begins: nothing before that is told to it. */
  readonly beginning: (projectId: string) => Promise<number>;
  /** What is wanted after a position, `limit` items at most, and none but of the next 5,000 facts of the log. */
  readonly page: (from: number, wanted: Wanted, limit: number) => Promise<FeedPage>;
  /**
   * Lets somebody listen who has all up to a position, where the log ended when it was read. Gives what ends that; undefined
   * when the others are further by now: then the next page is to be read first.
   */
  readonly join: (from: number, listener: Listener) => (() => void) | undefined;
};

/** How much one page may cost: facts looked at, characters of JSON and, as a lead may have to be folded for a fact, ms. */
export const pageBounds = { facts: 5_000, bytes: 512 * 1024, milliseconds: 1_000 } as const;

/** How many characters of items are kept, so that those who ask for the same facts do not each have them made. */
const keptItems = 4 * 1024 * 1024;

// Method syntax, so that what is known of Leadfold's facts takes what the log gives: the store has checked their shapes.
type Telling = {
  toldTypeOf(fact: Event): ToldType | undefined;
  leadOf(fact: Event & { readonly stream: string }): string | undefined;
};
const telling: Telling = { toldTypeOf, leadOf };

/** Whether somebody wants to be told of a fact of the project, if anybody is. */
export const isWanted = (fact: Recorded, { types, leadId }: Wanted): boolean => {
  const type = telling.toldTypeOf(fact);
  if (type === undefined || (types && !types.includes(type))) return false;
  return leadId === undefined || telling.leadOf(fact) === leadId;
};

/** Which facts of the log are looked at for what somebody wants. */
const filterFor = ({ projectId, types, leadId }: Wanted): Filter => ({
  streams: [
    leadId === undefined ? streamsOf('lead', projectId) : streamOf('lead', leadStreamId(projectId, leadId)),
    streamsOf('work', projectId),
  ],
  types: types ? factsToldAs(types) : toldFacts,
});

/** What is followed for all who listen. */
export const followed: Filter = { streams: [streamsOf('lead'), streamsOf('work')], types: toldFacts };

/** Gives what is told of a fact; undefined where nobody is told of it. */
export type ItemOf = (fact: Recorded) => Promise<Item | undefined>;

/** Makes items of facts, and remembers the last of them. */
export const itemsOf = (context: ToldContext): ItemOf => {
  const kept = new LRUCache<string, Item>({ maxSize: keptItems, sizeCalculation: ({ text }) => text.length });
  return async (fact) => {
    const known = kept.get(fact.id);
    if (known?.position === fact.position) return known;
    const told = await toldOf(fact, context);
    if (!told) return undefined;
    const item = { position: fact.position, type: told.type, text: JSON.stringify(told) };
    kept.set(fact.id, item);
    return item;
  };
};

/** The first items, as many as a page may have. */
export const firstItems = (items: readonly Item[], limit: number): readonly Item[] => {
  const first: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    if (first.length === limit || bytes >= pageBounds.bytes) break;
    first.push(item);
    bytes += item.text.length;
  }
  return first;
};

/** Looks up where projects begin, so that a young one need not be looked for in all that others did before. */
export const beginningsOf =
  (store: Pick<EventStore, 'at'>): Feed['beginning'] =>
  async (projectId) =>
    (await store.at(streamOf('project', projectId), 0))?.position ?? 0;

/** Reads pages of the log. Whatever is wanted of it, one page costs no more than `pageBounds`, and the fact that exceeds them. */
export const pagesOf =
  (store: Pick<EventStore, 'scan'>, itemOf: ItemOf): Feed['page'] =>
  async (from, wanted, limit) => {
    const begun = performance.now();
    const found = await store.scan(from, filterFor(wanted), { events: limit, among: pageBounds.facts });
    const items: Item[] = [];
    let bytes = 0;
    for (const fact of found.events) {
      const item = isWanted(fact, wanted) ? await itemOf(fact) : undefined;
      if (!item) continue;
      items.push(item);
      bytes += item.text.length;
      const isFull = bytes >= pageBounds.bytes || performance.now() - begun >= pageBounds.milliseconds;
      if (isFull) return { items, position: fact.position, atEnd: false };
    }
    return { items, position: found.position, atEnd: found.atEnd };
  };
