import { z } from 'zod';
import type { Event } from '../domain/event.ts';
import type { Batch, Filter, Place, Recorded } from '../eventstore/event-store.ts';
import type { Registers } from '../readmodels/registers.ts';
import type { Changed, Documents, Stored } from '../readmodels/documents.ts';
import type { Collection, Key } from '../readmodels/collection.ts';
import type { Derive, Facts } from './derive.ts';
import { recentDocuments, weightOf } from './recent.ts';
import type { Repair, DocumentsOfLead } from './repair.ts';
import { documentsOfLead, forgottenOf, repairing } from './repair.ts';

/**
 * How facts become documents: those in `streams`, by the beginnings of their names, and of `types`, or of all. `keys` names
 * the documents a fact touches, none when it is of no concern; `evolve` is pure and gives the document after the fact, or
 * undefined when there is none any more. Projections of equal streams and types read the log together.
 */
export type Projection<D, E extends Event> = Collection<D> & {
  /** Raised when the same facts make other documents than before: those there are then made again. 1 unless said. */
  readonly version?: number;
  /**
   * Whether the documents are thrown away and made again, without being asked, when the log lost facts that are in them.
   * Otherwise they stay until somebody asks for it, who may rather put the log back.
   */
  readonly renews?: boolean;
  readonly streams: readonly string[];
  readonly types?: readonly E['type'][];
  readonly keys: (event: Recorded<E>) => readonly Key[];
  readonly evolve: (doc: D | undefined, event: Recorded<E>, key: Key) => D | undefined;
  /** Whether a fact makes the documents it touches whatever they were before: then nobody looks what they were. */
  readonly begins?: (event: Recorded<E>) => boolean;
  /** Whether a document is mostly touched again soon after it was made: then it is kept at hand from the first on. */
  readonly again?: boolean;
  /**
   * Where documents are made of what follows from several streams: which facts that follows from at most, and what is projected
   * instead of them. It must be the same whenever the same facts come, and keep their order.
   */
  readonly derives?: {
    readonly types: readonly string[];
    readonly from: (store: Facts, registers: Registers) => Derive;
  };
  /**
   * Says that each document is of one lead, whose stream, or that of a lead which it was merged into, has all that touches it.
   * It has the lead's id, unless `idOf` is there.
   */
  readonly of?: 'lead';
  /**
   * The id of a document, where a lead has many: it begins with the lead's and a dot. They have a field `leadId`, and an index
   * that begins with it.
   */
  readonly idOf?: (doc: D) => string;
};

/** Brings the documents of a projection up to the end of a batch. Rejects when they can't be read or written. */
export type Projecting = (batch: Batch) => Promise<void>;

/** A projection whose kind of document and of facts nobody needs to know any more, so that all fit in one list. */
export type AnyProjection = Collection<never> & {
  readonly version: number;
  readonly renews: boolean;
  readonly filter: Filter;
  readonly project: (readModels: Documents & Registers) => Projecting;
  /** Gives what is projected in the place of the facts that are read, where that is something else. */
  readonly derive?: (store: Facts, registers: Registers) => Derive;
  readonly repair: Repair;
  /** Looks up which documents of a lead there are; not there when they are of something else. */
  readonly ofLead?: DocumentsOfLead;
  /** The same projection into documents of another name. */
  readonly named: (name: string) => AnyProjection;
};

// Method syntax, so that a projection of some facts is one of any: `keys` turns away what it does not know.
type Reading<D> = {
  keys(event: Recorded): readonly Key[];
  evolve(doc: D | undefined, event: Recorded, key: Key): D | undefined;
  begins?(event: Recorded): boolean;
};

/** A document that facts of a batch touch, and those facts in their order. `begun`: the first of them makes it. */
type Touched = { readonly name: string; readonly key: Key; readonly begun: boolean; readonly events: Recorded[] };

/**
 * How many documents are in hand at once: so many at first and at most, and else as many as take so many bytes of memory by
 * what some of those before them took. One fact can touch thousands of them.
 */
const portion = { first: 250, most: 1_000, bytes: 16 * 1024 * 1024, sample: 8 };

/** How many documents like these are a portion. */
const portionOf = (documents: readonly Stored<unknown>[]): number => {
  const stride = Math.ceil(documents.length / portion.sample);
  const sample = documents.filter((_, index) => index % stride === 0);
  const bytes = sample.reduce((sum, { doc }) => sum + weightOf(doc), 0);
  return Math.max(1, Math.min(portion.most, Math.floor((portion.bytes / Math.max(1, bytes)) * sample.length)));
};

// No two keys give the same name, whatever characters they have.
const nameOf = ({ project, id }: Key): string => `${project.length} ${project}${id}`;

/**
 * Runs a projection. A batch loads each document it touches once, passes over the facts a document has already seen, and
 * saves what changed in one go with the checkpoint, so that a batch may come again, whole or in part. A batch that touches
 * nothing still moves the checkpoint. Documents that came again are kept for the next batch: nobody else writes them, or, if
 * two do for a moment, both write the same. Rejects when the read models are away or `evolve` throws; then nothing was skipped.
 */
export const project = <D, E extends Event>(
  projection: Projection<D, E>,
  readModels: Documents & Registers,
): Projecting => {
  const reading: Reading<D> = projection;
  const recent = recentDocuments<D>();
  let forgotten = 0;
  let many = portion.first;

  // What somebody repaired must not be written over with what was at hand before.
  const forgetRepaired = async (): Promise<void> => {
    const now = await forgottenOf(readModels);
    if (now !== forgotten) recent.clear();
    forgotten = now;
  };

  /** The documents as they are, by their names; of those that are begun nobody looks. */
  const documentsOf = async (some: readonly Touched[]): Promise<ReadonlyMap<string, Stored<D>>> => {
    const documents = new Map<string, Stored<D>>();
    const others: Key[] = [];
    for (const { name, key, begun } of some) {
      const stored = begun ? undefined : recent.get(name);
      if (stored) documents.set(name, stored);
      else if (!begun) others.push(key);
    }
    const loaded = others.length > 0 ? await readModels.load(projection, others) : [];
    for (const stored of loaded) documents.set(nameOf(stored), stored);
    return documents;
  };

  /** What the facts that touch a document make of it; undefined when it has seen them all. */
  const evolved = ({ key, events }: Touched, before: Stored<D> | undefined): Stored<D> | undefined => {
    let stored = before;
    for (const event of events) {
      if (stored && stored.position >= event.position) continue;
      const doc = reading.evolve(stored?.doc, event, key);
      stored = { project: key.project, id: key.id, doc, position: event.position };
    }
    return stored === before ? undefined : stored;
  };

  /** Brings some documents up to the end of a batch, and then the checkpoint to a position, where `last` is the fact it stands on. */
  const bring = async (some: readonly Touched[], checkpoint: number, last?: Place): Promise<void> => {
    const documents = await documentsOf(some);
    const changed: Changed<D>[] = [];
    const known: (readonly [string, Stored<D>])[] = [];
    for (const touched of some) {
      const before = documents.get(touched.name);
      const after = evolved(touched, before);
      const stored = after ?? before;
      // Where nobody looked what there is, a newer one may be there.
      if (stored && (before || (projection.again && !touched.begun))) known.push([touched.name, stored]);
      if (!after) continue;
      const { project, id, doc, position } = after;
      changed.push({ project, id, doc, position, before });
    }
    await readModels.save(projection, changed, checkpoint, last);
    // What came for the first time may well never come again, as an entry of a history.
    for (const [name, stored] of known) recent.set(name, stored);
    if (documents.size > 0) many = portionOf([...documents.values()]);
  };

  const run = async ({ events, position, last }: Batch): Promise<void> => {
    await forgetRepaired();
    const touched = new Map<string, Touched>();
    for (const event of events) {
      for (const key of reading.keys(event)) {
        const name = nameOf(key);
        const there = touched.get(name);
        if (there) there.events.push(event);
        else touched.set(name, { name, key, begun: reading.begins?.(event) ?? false, events: [event] });
      }
    }
    const all = [...touched.values()];
    // A document is made of what touches it alone, so those of one batch need not be written together. The checkpoint comes last.
    let begin = 0;
    while (all.length - begin > many) {
      const end = begin + many;
      await bring(all.slice(begin, end), 0);
      begin = end;
    }
    await bring(all.slice(begin), position, last);
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

const filterOf = <D, E extends Event>({ streams, types, derives }: Projection<D, E>): Filter => {
  const read = derives?.types ?? types;
  return { streams, ...(read && { types: read }) };
};

/** The projection as a member of a list of projections of different documents. */
export const erase = <D, E extends Event>(projection: Projection<D, E>): AnyProjection => ({
  name: projection.name,
  version: projection.version ?? 1,
  renews: projection.renews ?? false,
  indexes: projection.indexes,
  ...(projection.terms === undefined ? {} : { terms: projection.terms }),
  ...(projection.sparse && { sparse: projection.sparse }),
  document: z.never(),
  filter: filterOf(projection),
  project: (readModels) => project(projection, readModels),
  ...(projection.derives && { derive: projection.derives.from }),
  repair: repairing(projection),
  ...(projection.of === 'lead' && { ofLead: documentsOfLead(projection) }),
  named: (name) => erase({ ...projection, name }),
});
