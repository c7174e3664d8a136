import { z } from 'zod';
import type { Event } from '../domain/event.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { wanting } from '../eventstore/event-store.ts';
import type { Replacement, Stored, Documents } from '../readmodels/documents.ts';
import type { Page, Queries, Query } from '../readmodels/queries.ts';
import type { Collection, Key } from '../readmodels/collection.ts';
import type { Registers } from '../readmodels/registers.ts';
import type { Projection } from './projection.ts';

/** How often documents were repaired: who keeps documents at hand forgets them when it grows. */
export const forgottenOf = (registers: Registers): Promise<number> => registers.register('repaired');

/** Makes everybody forget the documents that they have at hand. */
export const forgetAtHand = async (registers: Registers): Promise<void> =>
  registers.raise('repaired', (await forgottenOf(registers)) + 1);

/** A document as it is compared: where it is, and what it says; nothing when there is none. */
export type Compared = {
  readonly collection: string;
  readonly project: string;
  readonly id: string;
  readonly doc: unknown;
};

/** What documents were, and what the facts make of them. */
export type Repaired = {
  readonly before: readonly Compared[];
  readonly after: readonly Compared[];
  /** The highest position of the documents as they were: facts up to there must have been given. */
  readonly position: number;
  /** Puts what the facts make in the place of what was. Tells whether nobody else wrote meanwhile. */
  readonly write: () => Promise<boolean>;
};

/** What is repaired: by which facts, at least the documents of which keys, and which others that the facts touch. */
export type Damage = {
  /** All that ever touched the documents, in the order of the log. */
  readonly facts: readonly Recorded[];
  readonly keys: readonly Key[];
  readonly wanted: (key: Key) => boolean;
  /** Awaited between small pieces of the work, so that others are not kept waiting. */
  readonly yieldToOthers: () => Promise<void>;
};

/**
 * Looks at the documents of these keys, and of those that the facts touch and that are `wanted`, and makes them again from
 * the facts. Writes nothing by itself.
 */
export type Repair = (readModels: Documents, damage: Damage) => Promise<Repaired>;

/** How many documents are read or written in one go. */
const atOnce = 200;

const nameOf = ({ project, id }: Key): string => JSON.stringify([project, id]);

/** Folds facts into the documents that they touch. */
export const folding = <D, E extends Event>(projection: Projection<D, E>, wanted: (key: Key) => boolean) => {
  const reading: {
    keys(event: Recorded): readonly Key[];
    evolve(doc: D | undefined, event: Recorded, key: Key): D | undefined;
  } = projection;
  const { streams, types } = projection;
  const isRead = wanting({ streams, ...(types && { types }) });
  const documents = new Map<string, Stored<D>>();
  return {
    documents,
    add: (event: Recorded): void => {
      if (!isRead(event)) return;
      for (const key of reading.keys(event)) {
        if (!wanted(key)) continue;
        const name = nameOf(key);
        const doc = reading.evolve(documents.get(name)?.doc, event, key);
        documents.set(name, { project: key.project, id: key.id, doc, position: event.position });
      }
    },
  };
};

/** Documents in the place of what was stored of them; what the facts know nothing of goes. */
const replacements = <D>(
  stored: ReadonlyMap<string, Stored<D>>,
  folded: ReadonlyMap<string, Stored<D>>,
): readonly Replacement<D>[] => [
  ...[...folded].map(([name, document]) => ({ ...document, replaces: stored.get(name)?.position })),
  ...[...stored]
    .filter(([name]) => !folded.has(name))
    .map(([, { project, id, position }]) => ({ project, id, doc: undefined, position: 0, replaces: position })),
];

/** In parts of `atOnce`, others having their turn between them. */
const inParts = async function* <T>(
  all: readonly T[],
  yieldToOthers: Damage['yieldToOthers'],
): AsyncIterable<readonly T[]> {
  for (let begin = 0; begin < all.length; begin += atOnce) {
    yield all.slice(begin, begin + atOnce);
    await yieldToOthers();
  }
};

/** The keys that are asked for and those of documents, each once. */
const keysOf = async (
  keys: readonly Key[],
  folded: Iterable<Key>,
  yieldToOthers: Damage['yieldToOthers'],
): Promise<readonly Key[]> => {
  const all = new Map<string, Key>();
  for (const { project, id } of keys) {
    all.set(nameOf({ project, id }), { project, id });
    await yieldToOthers();
  }
  for (const { project, id } of folded) {
    all.set(nameOf({ project, id }), { project, id });
    await yieldToOthers();
  }
  return [...all.values()];
};

/** The repair of a projection's documents. */
export const repairing =
  <D, E extends Event>(projection: Projection<D, E>): Repair =>
  async (readModels, { facts, keys, wanted, yieldToOthers }) => {
    const { documents: folded, add } = folding(projection, wanted);
    for (const fact of facts) {
      add(fact);
      await yieldToOthers();
    }
    // What does not fit the schema any more is what most wants repair.
    const unchecked = { ...projection, document: z.any() };
    const stored = new Map<string, Stored<D>>();
    let position = 0;
    for await (const part of inParts(await keysOf(keys, folded.values(), yieldToOthers), yieldToOthers)) {
      for (const each of await readModels.load(unchecked, part)) {
        stored.set(nameOf(each), each);
        position = Math.max(position, each.position);
      }
    }
    const comparedOf = (documents: ReadonlyMap<string, Stored<D>>): readonly Compared[] =>
      [...documents.values()].flatMap(({ project, id, doc }) =>
        doc === undefined ? [] : [{ collection: projection.name, project, id, doc }],
      );
    return {
      before: comparedOf(stored),
      after: comparedOf(folded),
      position,
      write: async () => {
        let all = true;
        for await (const part of inParts(replacements(stored, folded), yieldToOthers))
          all = (await readModels.replace(projection, part)) && all;
        return all;
      },
    };
  };

/** The keys of the documents that there are of a lead, whether its facts know of them or not. */
export type DocumentsOfLead = (
  readModels: Pick<Queries, 'find'>,
  lead: { readonly projectId: string; readonly leadId: string },
  yieldToOthers: Damage['yieldToOthers'],
) => Promise<readonly Key[]>;

/** Looks up the documents of a projection that are of a lead: the one of its id, or the many that name it. */
export const documentsOfLead = <D, E extends Event>(projection: Projection<D, E>): DocumentsOfLead => {
  const { idOf, indexes } = projection;
  const [by, order] = indexes.find(([first]) => first === 'leadId') ?? [];
  if (!idOf || by === undefined || order === undefined)
    return async (_, { projectId, leadId }) => [{ project: projectId, id: leadId }];
  // What does not fit the schema any more is what most wants repair.
  const unchecked: Collection<D> = { ...projection, document: z.any() };
  return async (readModels, { projectId, leadId }, yieldToOthers) => {
    const keys: Key[] = [];
    let after: Query<D>['after'];
    do {
      const found: Page<D> = await readModels.find(projectId, unchecked, {
        where: [{ field: by, op: 'eq', value: leadId }],
        sort: [{ field: order, direction: 'asc' }],
        limit: atOnce,
        ...(after && { after }),
      });
      keys.push(...found.docs.map((doc) => ({ project: projectId, id: idOf(doc) })));
      after = found.next;
      await yieldToOthers();
    } while (after);
    return keys;
  };
};
