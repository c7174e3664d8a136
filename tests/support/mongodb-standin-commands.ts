import { calculateObjectSize, Long } from 'bson';
import type { Document } from 'bson';
import { aggregate } from 'mingo';
import { CommandError, documentSet } from './mongodb-standin-data.ts';
import type { DocumentSet } from './mongodb-standin-data.ts';
import { findAndModify, insert, remove, update } from './mongodb-standin-writes.ts';
import type { BeforeUpsert } from './mongodb-standin-writes.ts';

/** A command with the database and collection it is for. */
type Call = { readonly command: Document; readonly database: string; readonly collection: string };

const MAX_BATCH = 16 * 1024 * 1024;
const FIRST_BATCH = 101;

const hello = {
  ok: 1,
  helloOk: true,
  ismaster: true,
  isWritablePrimary: true,
  readOnly: false,
  minWireVersion: 0,
  maxWireVersion: 25,
  logicalSessionTimeoutMinutes: 30,
  maxBsonObjectSize: MAX_BATCH,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
};

/** A database server's memory. `run` answers one command, all of it before the next. */
export type Commands = {
  readonly run: (command: Document, before: BeforeUpsert) => Document;
  /** The documents of a collection, `database.collection`. */
  readonly docs: (namespace: string) => DocumentSet;
};

const take = (rest: Document[], count: number): Document[] => {
  const batch: Document[] = [];
  let size = 0;
  while (batch.length < count && rest[0]) {
    size += calculateObjectSize(rest[0]);
    if (batch.length > 0 && size > MAX_BATCH) break;
    batch.push(...rest.splice(0, 1));
  }
  return batch;
};

/** A new server's memory. */
export const commands = (): Commands => {
  const collections = new Map<string, DocumentSet>();
  const cursors = new Map<string, Document[]>();
  let lastCursor = 0;

  const docs = (namespace: string): DocumentSet => {
    const set = collections.get(namespace) ?? documentSet(namespace);
    collections.set(namespace, set);
    return set;
  };
  const docsOf = ({ database, collection }: Call): DocumentSet => docs(`${database}.${collection}`);
  const existing = ({ database, collection }: Call): DocumentSet => {
    const set = collections.get(`${database}.${collection}`);
    if (set) return set;
    throw new CommandError(26, 'NamespaceNotFound', `ns does not exist: ${database}.${collection}`);
  };

  const cursor = ({ database, collection }: Call, found: Document[], size: number = FIRST_BATCH, single = false) => {
    const firstBatch = take(found, size);
    const more = found.length > 0 && !single;
    if (more) cursors.set(`${++lastCursor}`, found);
    const id = Long.fromNumber(more ? lastCursor : 0);
    return { ok: 1, cursor: { id, ns: `${database}.${collection}`, firstBatch } };
  };

  const finding = ({ command }: Call) => ({
    sort: command['sort'] ?? {},
    limit: Number(command['limit'] ?? 0),
    ...(command['hint'] !== undefined && { hint: command['hint'] }),
  });

  const projected = (found: Document[], projection: Document | undefined): Document[] => {
    if (!projection) return found;
    const names = ['_id', ...Object.keys(projection).filter((name) => projection[name] === 1)];
    return found.map((doc) => Object.fromEntries(names.flatMap((name) => (name in doc ? [[name, doc[name]]] : []))));
  };

  const find = (call: Call): Document => {
    const { filter = {}, projection, batchSize, singleBatch } = call.command;
    const found = docsOf(call).find(filter, finding(call));
    return cursor(call, projected(found, projection), batchSize, singleBatch);
  };

  const getMore = ({ command, database }: Call): Document => {
    const id = String(command['getMore']);
    const rest = cursors.get(id);
    if (!rest) throw new CommandError(43, 'CursorNotFound', `cursor id ${id} not found`);
    const nextBatch = take(rest, command['batchSize'] ?? Infinity);
    if (rest.length === 0) cursors.delete(id);
    const left = Long.fromNumber(rest.length > 0 ? Number(id) : 0);
    return { ok: 1, cursor: { id: left, ns: `${database}.${command['collection']}`, nextBatch } };
  };

  const aggregated = (call: Call): Document => {
    const [first, ...stages]: readonly Document[] = call.command['pipeline'];
    const found = docsOf(call).find(first?.['$match'] ?? {});
    return cursor(call, aggregate(found, [...stages]));
  };

  const createIndexes = (call: Call): Document => {
    const specs: readonly Document[] = call.command['indexes'];
    const created = specs.filter(({ name, key, unique }) => docsOf(call).createIndex(name, key, unique === true));
    return { ok: 1, numIndexesAfter: docsOf(call).indexes.size, createdCollectionAutomatically: created.length > 0 };
  };

  const listIndexes = (call: Call): Document =>
    cursor(
      call,
      [...existing(call).indexes.values()].map(({ name, key }) => ({ v: 2, name, key })),
    );

  const dropIndexes = (call: Call): Document => {
    const name: string = call.command['index'];
    if (existing(call).indexes.delete(name)) return { ok: 1 };
    throw new CommandError(27, 'IndexNotFound', `index not found with name [${name}]`);
  };

  const drop = (call: Call): Document => {
    existing(call);
    collections.delete(`${call.database}.${call.collection}`);
    return { ok: 1 };
  };

  const dropDatabase = ({ database }: Call): Document => {
    for (const namespace of [...collections.keys()]) {
      if (namespace.startsWith(`${database}.`)) collections.delete(namespace);
    }
    return { ok: 1 };
  };

  const explain = ({ command, database }: Call): Document => {
    const asked: Document = command['explain'];
    const call = { command: asked, database, collection: String(asked['find']) };
    const { index, size, sorted } = docsOf(call).plan(asked['filter'] ?? {}, finding(call));
    return { ok: 1, standin: { index, size, sorted } };
  };

  const killCursors = ({ command }: Call): Document => {
    for (const id of command['cursors']) cursors.delete(String(id));
    return { ok: 1 };
  };

  const run = (command: Document, before: BeforeUpsert): Document => {
    const [name = '', value] = Object.entries(command)[0] ?? [];
    const call: Call = { command, database: String(command['$db']), collection: String(value) };
    const known: Readonly<Record<string, () => Document>> = {
      hello: () => hello,
      ismaster: () => hello,
      isMaster: () => hello,
      ping: () => ({ ok: 1 }),
      endSessions: () => ({ ok: 1 }),
      killCursors: () => killCursors(call),
      find: () => find(call),
      getMore: () => getMore(call),
      aggregate: () => aggregated(call),
      insert: () => insert(docsOf(call), command),
      delete: () => remove(docsOf(call), command),
      update: () => update(docsOf(call), command, before),
      findAndModify: () => findAndModify(docsOf(call), command, before),
      createIndexes: () => createIndexes(call),
      listIndexes: () => listIndexes(call),
      drop: () => drop(call),
      dropIndexes: () => dropIndexes(call),
      dropDatabase: () => dropDatabase(call),
      explain: () => explain(call),
    };
    const carry = known[name];
    if (!carry) throw new CommandError(59, 'CommandNotFound', `no such command: '${name}'`);
    return carry();
  };

  return { run, docs };
};
