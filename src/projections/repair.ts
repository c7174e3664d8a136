import { z } from 'zod';
import type { Event } from '../domain/event.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { Key, ReadModels, Replacement, Stored } from '../readmodels/read-models.ts';
import type { Projection } from './projection.ts';

const forgottenMark = 'repaired';

/** How often documents were repaired: who keeps documents at hand forgets them when it grows. */
export const forgottenOf = (readModels: Pick<ReadModels, 'checkpoint'>): Promise<number> =>
  readModels.checkpoint(forgottenMark);

/** Makes everybody forget the documents that they have at hand. */
export const forgetAtHand = async (readModels: ReadModels): Promise<void> =>
  readModels.saveCheckpoint(forgottenMark, (await forgottenOf(readModels)) + 1);

/** A document as it is compared: where it is, and what it says; nothing when there is none. */
export type Seen = {
  readonly collection: string;
  readonly project: string;
  readonly id: string;
  readonly doc: unknown;
};

/** What documents were, and what the facts make of them. */
export type Repaired = {
  readonly before: readonly Seen[];
  readonly after: readonly Seen[];
  /** The highest position of the documents as they were: facts up to there must have been given. */
  readonly position: number;
  /** Puts what the facts make in the place of what was. Tells whether nobody else wrote meanwhile. */
  readonly write: () => Promise<boolean>;
};

/**
 * Looks at the documents of these keys, and of those that the facts touch and that are `wanted`, and makes them again from
 * the facts, which are all that ever touched them, in the order of the log. Writes nothing by itself.
 */
export type Repair = (
  readModels: ReadModels,
  facts: readonly Recorded[],
  keys: readonly Key[],
  wanted: (key: Key) => boolean,
) => Promise<Repaired>;

const nameOf = ({ project, id }: Key): string => JSON.stringify([project, id]);

/** Folds facts into the documents that they touch. */
export const folding = <D, E extends Event>(projection: Projection<D, E>, wanted: (key: Key) => boolean) => {
  const reading: {
    keys(event: Recorded): readonly Key[];
    evolve(doc: D | undefined, event: Recorded, key: Key): D | undefined;
  } = projection;
  const documents = new Map<string, Stored<D>>();
  return {
    documents,
    add: (event: Recorded): void => {
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
  ...[...folded].map(([name, document]) => ({ ...document, seen: stored.get(name)?.position })),
  ...[...stored]
    .filter(([name]) => !folded.has(name))
    .map(([, { project, id, position }]) => ({ project, id, doc: undefined, position: 0, seen: position })),
];

/** The repair of a projection's documents. */
export const repairing =
  <D, E extends Event>(projection: Projection<D, E>): Repair =>
  async (readModels, facts, keys, wanted) => {
    const { documents: folded, add } = folding(projection, wanted);
    for (const fact of facts) add(fact);
    const all = new Map(
      [...keys, ...folded.values()].map(({ project, id }) => [nameOf({ project, id }), { project, id }]),
    );
    // What does not fit the schema any more is what most wants repair.
    const unchecked = { ...projection, document: z.any() };
    const loaded: readonly Stored<D>[] = all.size > 0 ? await readModels.load(unchecked, [...all.values()]) : [];
    const stored = new Map(loaded.map((each) => [nameOf(each), each]));
    const seen = (documents: ReadonlyMap<string, Stored<D>>): readonly Seen[] =>
      [...documents.values()].flatMap(({ project, id, doc }) =>
        doc === undefined ? [] : [{ collection: projection.name, project, id, doc }],
      );
    return {
      ...{ before: seen(stored), after: seen(folded) },
      position: Math.max(0, ...loaded.map(({ position }) => position)),
      write: () => readModels.replace(projection, replacements(stored, folded)),
    };
  };
