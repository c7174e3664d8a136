import type { Document } from 'bson';
import { ObjectId } from 'bson';
import { update as applyUpdate } from 'mingo';
import { CommandError } from './mongodb-standin-data.ts';
import type { DocumentSet } from './mongodb-standin-data.ts';

/** Called with an upsert's new document when it found nothing to update and before it is inserted. */
export type BeforeUpsert = (doc: Document) => void;

const isModifier = (update: Document): boolean => Object.keys(update).some((name) => name.startsWith('$'));

const updated = (doc: Document, update: Document): Document => {
  if (!isModifier(update)) return { _id: doc['_id'], ...update };
  const { $setOnInsert: _, ...modifier } = update;
  // What is cloned is an object id no more.
  const { _id, ...fields } = doc;
  const copy = { _id, ...structuredClone(fields) };
  applyUpdate(copy, modifier);
  return copy;
};

// A new document has what the filter says its fields are equal to.
const inserted = (filter: Document, update: Document): Document => {
  const given = Object.entries(filter).flatMap(([path, value]) => {
    if (path.startsWith('$')) return [];
    if (typeof value !== 'object' || value === null || value instanceof ObjectId) return [[path, value] as const];
    const { $eq } = value as Document;
    return $eq === undefined ? [] : [[path, $eq] as const];
  });
  const base = { _id: new ObjectId(), ...Object.fromEntries(given) };
  if (!isModifier(update)) return { _id: base._id, ...update };
  return updated({ ...base, ...(update['$setOnInsert'] as Document | undefined) }, update);
};

type Tally = { n: number; nModified: number; upserted: Document[] };

const updateOnce = (docs: DocumentSet, op: Document, place: number, tally: Tally, before: BeforeUpsert): void => {
  const { q, u, multi, upsert } = op;
  const found = docs.find(q, multi === true ? {} : { limit: 1 });
  for (const doc of found) docs.replace(updated(doc, u));
  tally.n += found.length;
  tally.nModified += found.length;
  if (found.length > 0 || upsert !== true) return;
  const doc = inserted(q, u);
  before(doc);
  docs.insert(doc);
  tally.n += 1;
  tally.upserted.push({ index: place, _id: doc['_id'] });
};

// Each operation of a command succeeds or fails by itself; an ordered command ends with the first that fails.
const eachOf = (operations: readonly Document[], ordered: boolean, run: (op: Document, place: number) => void) => {
  const writeErrors: Document[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      run(operation, index);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      const { ok: _, ...answer } = error.answer;
      writeErrors.push({ index, ...answer });
      if (ordered) break;
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {};
};

/** Carries out an `update` command. */
export const update = (docs: DocumentSet, command: Document, before: BeforeUpsert): Document => {
  const tally: Tally = { n: 0, nModified: 0, upserted: [] };
  const errors = eachOf(command['updates'], command['ordered'] !== false, (op, place) =>
    updateOnce(docs, op, place, tally, before),
  );
  const { upserted, ...counts } = tally;
  return { ok: 1, ...counts, ...(upserted.length > 0 && { upserted }), ...errors };
};

/** Carries out an `insert` command. */
export const insert = (docs: DocumentSet, command: Document): Document => {
  let n = 0;
  const errors = eachOf(command['documents'], command['ordered'] !== false, (doc) => {
    docs.insert({ _id: new ObjectId(), ...doc });
    n += 1;
  });
  return { ok: 1, n, ...errors };
};

/** Carries out a `delete` command. */
export const remove = (docs: DocumentSet, command: Document): Document => {
  let n = 0;
  const errors = eachOf(command['deletes'], command['ordered'] !== false, ({ q, limit }) => {
    const found = docs.find(q, { limit: Number(limit) });
    found.forEach(docs.remove);
    n += found.length;
  });
  return { ok: 1, n, ...errors };
};

/** Carries out a `findAndModify` command that updates, and answers with the document as it is then. */
export const findAndModify = (docs: DocumentSet, command: Document, before: BeforeUpsert): Document => {
  const { query, update: change, upsert } = command;
  if (command['new'] !== true || command['remove'] === true)
    throw new CommandError(238, 'NotImplemented', 'findAndModify is here to update, and to answer with what is new');
  const [found] = docs.find(query, { limit: 1 });
  if (!found && upsert !== true) return { ok: 1, value: null, lastErrorObject: { n: 0, updatedExisting: false } };
  const value = found ? updated(found, change) : inserted(query, change);
  if (found) docs.replace(value);
  else {
    before(value);
    docs.insert(value);
  }
  return { ok: 1, value, lastErrorObject: { n: 1, updatedExisting: found !== undefined } };
};
