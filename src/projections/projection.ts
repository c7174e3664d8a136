import { z } from 'zod';
import type { Event } from '../domain/event.ts';
import type { Batch, Recorded } from '../eventstore/event-store.ts';
import type { Collection, Key, ReadModels, Stored } from '../readmodels/read-models.ts';

/**
 * How facts become documents. `keys` names the documents a fact touches, none when it is of no concern; `evolve` is pure
 * and gives the document after the fact, or undefined when there is none any more.
 */
export type Projection<D, E extends Event> = Collection<D> & {
  readonly keys: (event: Recorded<E>) => readonly Key[];
  readonly evolve: (doc: D | undefined, event: Recorded<E>, key: Key) => D | undefined;
};

/** Brings the documents of a projection up to the end of a batch. Rejects when they can't be read or written. */
export type Projecting = (batch: Batch) => Promise<void>;

/** A projection whose kind of document and of facts nobody needs to know any more, so that all fit in one list. */
export type AnyProjection = Collection<never> & { readonly project: (readModels: ReadModels) => Projecting };

// Method syntax, so that a projection of some facts is one of any: `keys` turns away what it does not know.
type Reading<D> = {
  keys(event: Recorded): readonly Key[];
  evolve(doc: D | undefined, event: Recorded, key: Key): D | undefined;
};

const identity = ({ project, id }: Key): string => JSON.stringify([project, id]);

/**
 * Runs a projection. A batch loads each document it touches once, passes over the facts a document has already seen, and
 * saves what changed in one go with the checkpoint, so that a batch may come again, whole or in part. A batch that touches
 * nothing still moves the checkpoint. Rejects when the read models are away or `evolve` throws; then nothing was skipped.
 */
export const project = <D, E extends Event>(projection: Projection<D, E>, readModels: ReadModels): Projecting => {
  const reading: Reading<D> = projection;
  return async ({ events, position }) => {
    const touches = events.flatMap((event) => reading.keys(event).map((key) => ({ event, key })));
    const keys = new Map(touches.map(({ key }) => [identity(key), key]));
    const loaded = await readModels.load(projection, [...keys.values()]);
    const documents = new Map<string, Stored<D>>(loaded.map((stored) => [identity(stored), stored]));
    const touched = new Set<string>();
    for (const { event, key } of touches) {
      const name = identity(key);
      const stored = documents.get(name);
      if (stored && stored.position >= event.position) continue;
      const doc = reading.evolve(stored?.doc, event, key);
      documents.set(name, { project: key.project, id: key.id, doc, position: event.position });
      touched.add(name);
    }
    const changed = [...documents].flatMap(([name, stored]) => (touched.has(name) ? [stored] : []));
    await readModels.save(projection, changed, position);
  };
};

/** The projection as a member of a list of projections of different documents. */
export const erase = <D, E extends Event>(projection: Projection<D, E>): AnyProjection => ({
  name: projection.name,
  indexes: projection.indexes,
  ...(projection.terms === undefined ? {} : { terms: projection.terms }),
  document: z.never(),
  project: (readModels) => project(projection, readModels),
});
