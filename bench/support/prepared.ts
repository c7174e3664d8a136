import { closeSync, cpSync, existsSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import type { Batch, EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { wanting } from '../../src/eventstore/event-store.ts';
import { streamPages } from '../../src/eventstore/page.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { projections } from '../../src/projections/index.ts';
import { reactors } from '../../src/reactors/index.ts';
import { checkpointOf } from '../../src/reactors/reactor.ts';
import { madeBy } from '../../src/readmodels/generations.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import type { Lab } from './benchmark.ts';
import { visitor } from './events.ts';
import { startProduct } from './product.ts';
import type { Leads } from './stored-log.ts';
import { writeFacts } from './stored-log.ts';

type Project = { readonly projectId: string; readonly apiKey: string };

/** A data folder of the product with a log that was written for it, and the project that its leads are of. */
export type Prepared = Project & { readonly dataDir: string };

/** The first visitors, whose leads the read models have. */
export const activeLeads = 500;

const projectIn = (dataDir: string): Project =>
  JSON.parse(readFileSync(join(dataDir, 'project.json'), 'utf8')) as Project;

/** A data folder with a project and nothing else, as the product makes it. */
const template = async (dataDir: string): Promise<void> => {
  const product = await startProduct({ dataDir });
  writeFileSync(join(dataDir, 'project.json'), JSON.stringify(await product.project()));
  await product.stop();
};

// As fast as it goes, since nobody reads it yet: durable when it is done. Else writing would go on while others measure.
const writeLog = (file: string, project: string, all: readonly Leads[]): void => {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA locking_mode = EXCLUSIVE');
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA temp_store = MEMORY; BEGIN');
  for (const leads of all) writeFacts(db, project, leads);
  db.exec('COMMIT');
  db.close();
  const opened = openSync(file, 'r+');
  fsyncSync(opened);
  closeSync(opened);
};

/** The last fact of a log, which checkpoints have to stand on: what comes after the one that they stand on is read again. */
const endOf = async (store: EventStore, head: number): Promise<Pick<Batch, 'last'>> => {
  const reading = new AbortController();
  for await (const { last } of store.follow(head - 1, reading.signal)) return last ? { last } : {};
  return {};
};

/**
 * Brings the read models up to the log's end, but makes documents for the active leads only. Those of the others are missing:
 * nobody asks for them, and no projection reads the others' facts again, so a start finds nothing to do.
 */
const writeReadModels = async (dataDir: string, project: string): Promise<void> => {
  const store = openSqliteEventStore(join(dataDir, 'events.db'), { clock: () => new Date() });
  const readModels = openSqliteReadModels(join(dataDir, 'read-models.db'));
  const head = await store.head();
  const last = await endOf(store, head);
  const events: Recorded[] = [];
  for (let n = 0; n < activeLeads; n++) {
    const id = leadIdOf(project, { kind: 'anonymousId', value: visitor(n) });
    for await (const page of streamPages(store, `lead-${project}.${id}`)) events.push(...page);
  }
  const inOrder = events.toSorted((a, b) => a.position - b.position);
  for (const projection of projections) {
    // What is derived is of endpoints, and there are none.
    const events = projection.derive ? [] : inOrder.filter(wanting(projection.filter));
    await projection.project(readModels)({ events, position: head, ...last });
    // Else a start would take them for what an older version made, and make all of them again.
    await madeBy(readModels, projection.name, projection.version);
  }
  for (const reactor of reactors) await readModels.saveCheckpoint(checkpointOf(reactor), head, last.last);
  await readModels.close();
  await store.close();
};

/** A data folder with leads and their activities, made once in a run. What it is used for stays in it. */
export const preparedLog = async (lab: Lab, name: string, leads: readonly Leads[]): Promise<Prepared> => {
  const empty = await lab.prepared('project', template);
  const dataDir = await lab.prepared(name, async (folder) => {
    lab.say(`writing the log ${name}`);
    cpSync(empty, folder, { recursive: true, filter: (path) => !path.endsWith('.done') });
    if (!existsSync(join(folder, 'events.db'))) throw new Error(`${empty} has no log; the product's file was renamed`);
    const { projectId } = projectIn(folder);
    writeLog(join(folder, 'events.db'), projectId, leads);
    await writeReadModels(folder, projectId);
  });
  return { ...projectIn(dataDir), dataDir };
};

/** The log of a million events that more than one benchmark uses. */
export const millionEvents = (lab: Lab): Promise<Prepared> =>
  preparedLog(lab, 'million', [{ leads: 50_000, activities: 20 }]);
