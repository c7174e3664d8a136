import { afterAll, expect, it } from 'vitest';
import { openServer } from '../../src/api/http/server.ts';
import { parseConfig } from '../../src/config/config.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { openEventReader } from '../../src/eventstore/open.ts';
import { projections } from '../../src/projections/index.ts';
import { openDocumentReader } from '../../src/readmodels/open.ts';
import type { ReadModels } from '../../src/readmodels/read-models.ts';
import { asRoot, apiContextOver } from '../api/support.ts';
import { openTestApp } from '../support/app.ts';
import type { Populated } from '../support/populated.ts';
import { populate } from '../support/populated.ts';
import type { Operation } from '../support/operations.ts';
import { operationsOf, pathOf } from '../support/operations.ts';

/** A member that no view picks. */
const unpicked = 'nobodyPickedThis';

/** Where a document has what people outside call things: its members are no fields, and may all be seen. */
const free = ['properties', 'profile', 'details', 'context', 'result', 'data', 'stages', 'failures', 'replies'];

/** The value with one more member in each of its objects. */
const withMore = <T>(value: T): T => {
  const more = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(more);
    if (typeof part !== 'object' || part === null) return part;
    const members = Object.entries(part).map(([name, each]) => [name, free.includes(name) ? each : more(each)]);
    return { ...Object.fromEntries(members), [unpicked]: true };
  };
  return more(value) as T;
};

/** The read models, as if a version to come kept more in each document. `shown` notes what documents were read. */
const richer = (readModels: ReadModels, shown: Set<string>): ReadModels => {
  const noted = <D>(name: string, docs: readonly D[]): void => void (docs.length > 0 && shown.add(name));
  return {
    ...readModels,
    get: async (project, collection, id) => {
      const doc = await readModels.get(project, collection, id);
      if (doc) shown.add(collection.name);
      return withMore(doc);
    },
    find: async (project, collection, query) => {
      const { docs, ...page } = await readModels.find(project, collection, query);
      noted(collection.name, docs);
      return { ...page, docs: docs.map(withMore) };
    },
    load: async (collection, keys) => {
      const found = await readModels.load(collection, keys);
      noted(collection.name, found);
      return found.map((stored) => ({ ...stored, doc: withMore(stored.doc) }));
    },
  };
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const oneMore = (value: unknown): unknown => (isObject(value) ? { ...value, [unpicked]: true } : value);

/** What facts of these streams say is shown as it is by now, and not as it was recorded. */
const settings = ['roster-', 'project-'];

/** What a setting is as a whole. Its rules are shown as somebody published them. */
const wholes = ['model', 'rules', 'policy'];

/** A fact with more members, as if a version to come recorded more. */
const richerFact = (fact: Recorded): Recorded => {
  const { data, metadata } = fact;
  const isSetting = settings.some((name) => fact.stream.startsWith(name)) && isObject(data);
  const members = isSetting ? Object.entries(data) : [];
  const whole = members.map(([name, value]) => [name, wholes.includes(name) ? oneMore(value) : value]);
  const said = isSetting ? oneMore(Object.fromEntries(whole)) : data;
  return Object.assign({ ...fact, data: said, metadata: withMore(metadata) }, { [unpicked]: true });
};

const richerFacts = (store: EventStore): EventStore => ({
  ...store,
  read: async (stream, after, limit) => {
    const { events, more } = await store.read(stream, after, limit);
    return { events: events.map(richerFact), more };
  },
  scan: async (from, filter, limits) => {
    const { events, ...far } = await store.scan(from, filter, limits);
    return { ...far, events: events.map(richerFact) };
  },
});

/** Projections that no answer shows anything of: they are counted, or looked through for what is due. */
const unseen = [
  ...['routed-leads', 'open-work-items', 'claims', 'waiting', 'delivery-queues', 'secret-ages', 'mails'],
  // What persons are told of theirs, tests/journeys/members.test.ts looks at to the letter.
  'memberships',
];

/** What looks at stores by itself or at none, what is asked below, as it needs a query, and what never ends: the feed has the same. */
const elsewhere = [
  // No key may ask for it.
  '/api/auth/me',
  ...['/api/admin/system-health', '/metrics', '/api/leads/lookup', '/api/stream'],
  '/sdk/leadfold.{version}.js',
];

/** All paths of an operation that show something of what there is. */
const pathsOf = (operation: Operation, there: Populated): readonly string[] => {
  const values = new Map(Object.entries({ ...there, key: there.apiKey, repId: 'ann', teamId: 'sales', version: '1' }));
  const filled = (leadId: string) =>
    pathOf(operation, (name) => (name === 'leadId' ? leadId : (values.get(name) ?? name)));
  const paths = [...new Set([filled(there.leadId), filled(there.mergedId)])];
  const then = ['asOf', 'asOfOccurred'].filter((name) => operation.query.includes(name));
  const past = then.flatMap((name) => paths.map((path) => `${path}?${name}=2026-03-10T12:00:00.000Z`));
  return [...paths, ...past];
};

const opened: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of opened.toReversed()) await close();
});

it('No answer shows a field that a document or a fact has and no view picks', async () => {
  const live = await openTestApp();
  opened.push(live.close);
  const there = await populate(live);
  const { eventStore, readModels: documents } = parseConfig({ DATA_DIR: live.dataDir });
  const [store, readModels] = [await openEventReader(eventStore), await openDocumentReader(documents)];
  opened.push(
    () => store.close(),
    () => readModels.close(),
  );
  const shown = new Set<string>();
  const stores = { store: richerFacts(store), readModels: richer(readModels, shown) };
  const api = { ...apiContextOver(stores), clock: live.clock.now };
  const app = await openServer(api, { logLevel: 'silent' });
  opened.push(() => app.close());

  const ask = (url: string) => app.inject({ url, headers: { ...asRoot, 'x-project-id': there.projectId } });
  const operations = (await operationsOf(live)).filter(
    ({ method, path }) => method === 'GET' && !elsewhere.includes(path),
  );
  const paths = [...operations.flatMap((operation) => pathsOf(operation, there)), '/api/leads/lookup?userId=ada'];
  const wrong: string[] = [];
  for (const path of paths) {
    const { statusCode, payload } = await ask(path);
    const [before, found] = payload.split(unpicked, 2);
    if (statusCode !== 200) wrong.push(`${path} answers ${statusCode}: ${payload.slice(0, 200)}`);
    else if (found !== undefined) wrong.push(`${path} shows it: ${before?.slice(-200)}`);
  }
  expect(paths.length).toBeGreaterThan(50);
  expect(wrong).toEqual([]);
  const names = projections.map(({ name }) => name);
  expect(names.filter((name) => !shown.has(name))).toEqual(unseen);
});
