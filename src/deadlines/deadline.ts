import type { Intent } from '../flows/intent.ts';
import { allProjects } from '../projections/projects.ts';
import type { Reactor } from '../reactors/reactor.ts';
import type { Queries, Query } from '../readmodels/queries.ts';
import type { Collection } from '../readmodels/collection.ts';

type Reading = Pick<Queries, 'find'>;

/** What is read before: no document is due whose `position` that reactor has not come to. */
type Reader<D> = { readonly reactor: Pick<Reactor, 'name'>; readonly position: (doc: D) => number };

/**
 * What is due at a time: documents of all projects whose `field` has come, an ISO 8601 time, and what is wanted for each. It
 * must change nothing when it was done already.
 */
export type Deadline<D> = {
  readonly name: string;
  readonly projection: Collection<D>;
  readonly field: keyof D & string;
  readonly intent: (doc: D) => Intent;
  readonly after?: Reader<D>;
};

/** What is due every so many ms for as long as there are documents, once for all that have the same value in `field`. */
export type Recurring<D> = Pick<Deadline<D>, 'name' | 'projection' | 'field' | 'intent'> & { readonly every: number };

/** What is due by now, and the position that `after` must have come to. */
export type Due = { readonly intent: Intent; readonly position: number };

/** A deadline whose kind of document nobody needs to know any more, so that all fit in one list. */
export type AnyDeadline = {
  readonly name: string;
  /** How often is looked for what is due, in ms; at each look unless said. */
  readonly every?: number;
  readonly after?: Pick<Reactor, 'name'>;
  /** What is due at a time, in pages. */
  readonly due: (readModels: Reading, now: Date) => AsyncIterable<readonly Due[]>;
};

/** How many documents are read at a time. */
const width = 50;

/** The documents whose time has come, the longest due first. */
const comeBy = async function* <D>(
  readModels: Reading,
  { projection, field }: Pick<Deadline<D>, 'projection' | 'field'>,
  now: Date,
): AsyncIterable<readonly D[]> {
  const where = [{ field, op: 'lte', value: now.toISOString() }] as const;
  const sort = [{ field, direction: 'asc' }] as const;
  let after: Query<D>['after'];
  do {
    const page = { where, sort, limit: width, ...(after && { after }) };
    const { docs, next } = await readModels.find(allProjects, projection, page);
    yield docs;
    after = next;
  } while (after);
};

/** The first document with each value of the field. */
const firstOfEach = async function* <D>(
  readModels: Reading,
  { projection, field }: Pick<Deadline<D>, 'projection' | 'field'>,
): AsyncIterable<readonly D[]> {
  for (let value = ''; ;) {
    const { docs } = await readModels.find(allProjects, projection, {
      where: [{ field, op: 'gt', value }],
      sort: [{ field, direction: 'asc' }],
      limit: 1,
    });
    const [first] = docs;
    if (!first) return;
    yield docs;
    value = String(first[field]);
  }
};

/** Something that happens once when its time has come. */
export const deadline = <D>(definition: Deadline<D>): AnyDeadline => {
  const { name, intent, after } = definition;
  return {
    name,
    ...(after && { after: after.reactor }),
    due: async function* (readModels, now) {
      for await (const docs of comeBy(readModels, definition, now))
        yield docs.map((doc) => ({ intent: intent(doc), position: after?.position(doc) ?? 0 }));
    },
  };
};

/** Something that is tried every so often. */
export const recurring = <D>(definition: Recurring<D>): AnyDeadline => {
  const { name, intent, every } = definition;
  return {
    name,
    every,
    due: async function* (readModels) {
      for await (const docs of firstOfEach(readModels, definition))
        yield docs.map((doc) => ({ intent: intent(doc), position: 0 }));
    },
  };
};
