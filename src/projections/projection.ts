import { z } from 'zod';
import type { Event } from '../domain/event.ts';
import type { Batch, Filter, Recorded } from '../eventstore/event-store.ts';
import type { Collection, Key, ReadModels, Stored } from '../readmodels/read-models.ts';
import { recentDocuments } from './recent.ts';
import type { Repair } from './repair.ts';
import { forgottenOf, repairing } from './repair.ts';

/**
 * How facts become documents: those in `streams`, by the beginnings of their names, and of `types`, or of all. `keys` names
 * the documents a fact touches, none when it is of no concern; `evolve` is pure and gives the document after the fact, or
 * undefined when there is none any more. Projections of equal streams and types read the log together.
 */
export type Projection<D, E extends Event> = Collection<D> & {
  /** Raised when the same facts make other documents than before: those there are then made again. 1 unless said. */
  readonly version?: number;
  readonly streams: readonly string[];
  readonly types?: readonly E['type'][];
  readonly keys: (event: Recorded<E>) => readonly Key[];
  readonly evolve: (doc: D | undefined, event: Recorded<E>, key: Key) => D | undefined;
};

/** Brings the documents of a projection up to the end of a batch. Rejects when they can't be read or written. */
export type Projecting = (batch: Batch) => Promise<void>;

/** A projection whose kind of document and of facts nobody needs to know any more, so that all fit in one list. */
export type AnyProjection = Collection<never> & {
  readonly version: number;
  readonly filter: Filter;
  readonly project: (readModels: ReadModels) => Projecting;
  readonly repair: Repair;
  /** The same projection into documents of another name. */
  readonly named: (name: string) => AnyProjection;
};

// Method syntax, so that a projection of some facts is one of any: `keys` turns away what it does not know.
type Reading<D> = {
  keys(event: Recorded): readonly Key[];
  evolve(doc: D | undefined, event: Recorded, key: Key): D | undefined;
};

// No two keys give the same name, whatever characters they have.
const nameOf = ({ project, id }: Key): string => `${project.length} ${project}${id}`;

/**
 * Runs a projection. A batch loads each document it touches once, passes over the facts a document has already seen, and
 * saves what changed in one go with the checkpoint, so that a batch may come again, whole or in part. A batch that touches
 * nothing still moves the checkpoint. Documents that came again are kept for the next batch: nobody else writes them, or, if
 * two do for a moment, both write the same. Rejects when the read models are away or `evolve` throws; then nothing was skipped.
 */
export const project = <D, E extends Event>(projection: Projection<D, E>, readModels: ReadModels): Projecting => {
  const reading: Reading<D> = projection;
  const recent = recentDocuments<D>();
  let forgotten = 0;

  // What somebody repaired must not be written over with what was at hand before.
  const forgetRepaired = async (): Promise<void> => {
    const now = await forgottenOf(readModels);
    if (now !== forgotten) recent.clear();
    forgotten = now;
  };

  const documentsOf = async (keys: ReadonlyMap<string, Key>): Promise<ReadonlyMap<string, Stored<D>>> => {
    const documents = new Map<string, Stored<D>>();
    const others: Key[] = [];
    for (const [name, key] of keys) {
      const stored = recent.get(name);
      if (stored) documents.set(name, stored);
      else others.push(key);
    }
    const loaded = others.length > 0 ? await readModels.load(projection, others) : [];
    for (const stored of loaded) documents.set(nameOf(stored), stored);
    return documents;
  };

  const run = async ({ events, position }: Batch): Promise<void> => {
    await forgetRepaired();
    const touches = events.flatMap((event) => reading.keys(event).map((key) => ({ event, key, name: nameOf(key) })));
    const before = await documentsOf(new Map(touches.map(({ name, key }) => [name, key])));
    const changed = new Map<string, Stored<D>>();
    for (const { event, key, name } of touches) {
      const stored = changed.get(name) ?? before.get(name);
      if (stored && stored.position >= event.position) continue;
      const doc = reading.evolve(stored?.doc, event, key);
      changed.set(name, { project: key.project, id: key.id, doc, position: event.position });
    }
    await readModels.save(projection, [...changed.values()], position);
    // What came for the first time may well never come again, as an entry of a history.
    for (const [name, stored] of before) recent.set(name, changed.get(name) ?? stored);
  };

  return async (batch) => {
    try {
      await run(batch);
    } catch (error) {
      recent.clear();
      throw error;
    }
  };
};

/** The projection as a member of a list of projections of different documents. */
export const erase = <D, E extends Event>(projection: Projection<D, E>): AnyProjection => ({
  name: projection.name,
  version: projection.version ?? 1,
  indexes: projection.indexes,
  ...(projection.terms === undefined ? {} : { terms: projection.terms }),
  ...(projection.sparse && { sparse: projection.sparse }),
  document: z.never(),
  filter: { streams: projection.streams, ...(projection.types && { types: projection.types }) },
  project: (readModels) => project(projection, readModels),
  repair: repairing(projection),
  named: (name) => erase({ ...projection, name }),
});
