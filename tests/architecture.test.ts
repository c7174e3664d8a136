import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ownStreams } from '../src/domain/streams.ts';

const STORE_TYPE = 'type eventstore/event-store.ts';
const DOCUMENTS = ['type readmodels/collection.ts', 'type readmodels/documents.ts'];
const REGISTERS = 'type readmodels/registers.ts';
const QUERIES = 'type readmodels/queries.ts';
const CHECKPOINTS = 'type readmodels/checkpoints.ts';
const STORE_ERRORS = [
  'eventstore/event-store.ts RevisionConflict',
  'eventstore/event-store.ts StoreUnavailable',
  'readmodels/read-models.ts ReadModelsUnavailable',
];
const GENERATIONS = ['generationName', 'servingOf', 'nextOf'].map((name) => `readmodels/generations.ts ${name}`);

/**
 * What each room may import besides itself: a room, a file, the types of a file, or one name of a file.
 * `*` is everything but the adapters.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  engine: ['domain', 'eventstore/page.ts', STORE_TYPE, ...DOCUMENTS, QUERIES, ...STORE_ERRORS],
  commands: ['domain', 'engine/command.ts', 'engine/errors.ts'],
  flows: ['domain', 'commands', 'engine', STORE_TYPE, 'eventstore/event-store.ts StoreUnavailable'],
  projections: ['domain', 'eventstore/event-store.ts wanting', STORE_TYPE, ...DOCUMENTS, QUERIES, REGISTERS],
  queries: [
    'domain',
    'projections',
    'engine/time-slices.ts',
    'flows/resolve.ts findLead',
    'type engine/states.ts',
    'type flows/engine.ts',
    'type telemetry/telemetry.ts',
    'type readmodels/collection.ts',
    STORE_TYPE,
    QUERIES,
  ],
  reactors: ['domain', 'commands', 'flows', 'type engine/states.ts', STORE_TYPE],
  deadlines: ['domain', 'commands', 'flows', 'projections', 'reactors', 'type readmodels/collection.ts', QUERIES],
  jobs: [
    'domain',
    'commands',
    'engine',
    'flows',
    'projections',
    'type runners/context.ts',
    'type runners/projections.ts',
    ...GENERATIONS,
    STORE_TYPE,
    ...DOCUMENTS,
    QUERIES,
    REGISTERS,
  ],
  runners: ['*'],
  invariants: ['*'],
  api: [
    'domain',
    'commands',
    'engine/command.ts',
    'engine/errors.ts',
    'flows',
    'jobs',
    'queries',
    'outside/webhooks/requests.ts isReservedHeader',
    'outside/webhooks/signatures.ts',
    'outside/passwords/hashing.ts HashingBusy',
    'outside/vault/boxes.ts SecretLost',
    'outside/vault/boxes.ts VaultUnavailable',
    'outside/vault/sealing.ts DamagedBox',
    'outside/vault/vault.ts VaultConflict',
    'outside/vault/vault.ts VaultLocked',
    'type config/limits.ts',
    'type config/trust-proxy.ts',
    'outside/limits/away.ts whetherAway',
    'type outside/limits/quotas.ts',
    'type outside/limits/tallies.ts',
    'type outside/vault/secrets.ts',
    'type outside/webhooks/addresses.ts',
    'invariants/report.ts',
    'type engine/handle.ts',
    'type runners/subscription.ts',
    'type telemetry/instruments.ts',
    'type telemetry/tracing.ts',
    QUERIES,
    ...STORE_ERRORS,
  ],
  eventstore: [
    'domain',
    'config/eventstoredb-address.ts',
    'config/private-files.ts',
    'type config/store-location.ts',
    CHECKPOINTS,
  ],
  readmodels: ['config/private-files.ts', 'type config/store-location.ts', 'type eventstore/event-store.ts'],
  telemetry: [
    'type domain/event.ts',
    'type domain/events.ts',
    'domain/streams.ts streamOf',
    'type engine/handle.ts',
    'type jobs/job-handler.ts',
    'type runners/subscription.ts',
    STORE_TYPE,
    'type readmodels/read-models.ts',
  ],
  outside: [
    'config/private-files.ts',
    'type config/delivery-allow.ts',
    'type config/store-location.ts',
    'type domain/deliveries/endpoints.ts',
    'type domain/deliveries/told.ts',
    'type domain/people/address-events.ts',
    'config/key-files.ts masterKeyIn',
    'type domain/sources/scheme.ts',
  ],
  config: ['domain/nearest.ts nearestOf'],
  cli: ['*'],
  'main.ts': ['app.ts', 'config'],
  'app.ts': ['*'],
  'new-id.ts': [],
};

/** What packages hold as data, and no code. */
const LISTS = ['i18n-iso-countries/codes.json', 'i18n-iso-countries/langs/en.json', 'email-providers/all.json'];

/** The packages of a room that may not use every package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  domain: ['zod', 'immutable', 'uuid', 'lru-cache', 'temporal-polyfill', 'node:url', ...LISTS],
};

const ADAPTERS = [
  'eventstore/sqlite/store.ts',
  'eventstore/eventstoredb/store.ts',
  'readmodels/sqlite/read-models.ts',
  'readmodels/mongodb/read-models.ts',
  'outside/vault/sqlite/boxes.ts',
  'outside/vault/mongodb/boxes.ts',
  'outside/limits/mongodb/open.ts',
];
const BUILDERS = ['eventstore/open.ts', 'readmodels/open.ts', 'outside/vault/open.ts', 'outside/limits/open.ts'];

/** Rooms with a list of their members, and the files in them that are no members. */
const LISTED: Readonly<Record<string, readonly string[]>> = {
  commands: [],
  projections: ['projection.ts', 'derive.ts', 'deriving.ts', 'recent.ts', 'lead-terms.ts', 'repair.ts'],
  reactors: ['reactor.ts'],
  deadlines: ['deadline.ts'],
  jobs: [
    'job-handler.ts',
    'facts-after.ts',
    'rebuild-lead.ts',
    'rebuild-dashboard.ts',
    'rebuilds.ts',
    'request-rebuild.ts',
    'request-of-project.ts',
    'request-replay.ts',
  ],
};

const BANNED = 'repository service manager bus mediator saga dto mapper utils helpers shared core'
  .split(' ')
  .map(singular);

/** Words that were ours alone, which nobody who comes here knows. */
const PRIVATE = [
  ...['Sight', 'World', 'Watch', 'Needs', 'Asked', 'Home', 'Packing', 'Seen', 'Looked'],
  ...['sight', 'seen', 'shown', 'hear', 'patiently', 'breathe', 'pause'],
];

/** The interfaces of stores. */
const STORES = ['EventStore', 'ReadModels', 'Documents', 'Queries', 'Checkpoints', 'Leases', 'Registers'];

const ROOT = ['app.ts', 'compile-cache.js', 'main.ts', 'new-id.ts'];

/** A source file; the path is relative to src. */
type Source = { readonly path: string; readonly text: string };
type Import = { readonly from: string; readonly to: string; readonly name: string; readonly type: boolean };

const trees = new Map<string, ts.SourceFile>();

/** A file as a tree; several rules look at each. */
function parsed({ path, text }: Source): ts.SourceFile {
  const key = `${path}\n${text}`;
  const known = trees.get(key);
  if (known) return known;
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  trees.set(key, tree);
  return tree;
}

function singular(word: string): string {
  return word.replace(/ies$/, 'y').replace(/s$/, '');
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function namesOf(node: ts.ImportDeclaration | ts.ExportDeclaration): { name: string; type: boolean }[] {
  const [clause, bindings] = ts.isImportDeclaration(node)
    ? [node.importClause, node.importClause?.namedBindings]
    : [node, node.exportClause];
  const type = ts.isImportDeclaration(node)
    ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
    : node.isTypeOnly;
  const named =
    bindings && 'elements' in bindings
      ? [...bindings.elements].map((element) => ({
          name: (element.propertyName ?? element.name).text,
          type: type || element.isTypeOnly,
        }))
      : [{ name: '*', type }];
  return clause && 'name' in clause && clause.name ? [{ name: 'default', type }, ...(bindings ? named : [])] : named;
}

function importsOf({ path, text }: Source): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, names: { name: string; type: boolean }[]) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const local = specifier.text.startsWith('.');
    const to = local ? posix.join(posix.dirname(path), specifier.text) : specifier.text;
    found.push(...names.map((name) => ({ from: path, to: local ? to : `package ${to}`, ...name })));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier, namesOf(node));
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], [{ name: '*', type: false }]);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, [{ name: '*', type: true }]);
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed({ path, text }));
  return found;
}

function isAllowed({ from, to, name, type }: Import): boolean {
  const room = roomOf(from);
  if (to.startsWith('package ')) {
    const allowed = PACKAGES[room];
    return !allowed || allowed.includes(to.slice('package '.length));
  }
  if (ADAPTERS.includes(to) && !type) return BUILDERS.includes(from);
  if (roomOf(to) === room) return true;
  const allowed = MAY_IMPORT[room] ?? [];
  return ['*', roomOf(to), to, `${to} ${name}`, ...(type ? [`type ${to}`] : [])].some((entry) =>
    allowed.includes(entry),
  );
}

function wrongImports(sources: readonly Source[]): readonly string[] {
  return sources
    .flatMap(importsOf)
    .filter((found) => !isAllowed(found))
    .map(({ from, to, name, type }) => `${from} imports ${type ? 'type ' : ''}${name} of ${to}`);
}

function unknownRooms(sources: readonly Source[]): readonly string[] {
  return [...new Set(sources.map(({ path }) => roomOf(path)))].filter((room) => !(room in MAY_IMPORT));
}

function unlisted(sources: readonly Source[]): readonly string[] {
  return Object.entries(LISTED).flatMap(([room, engine]) => {
    const index = sources.find(({ path }) => path === `${room}/index.ts`);
    const listed = index ? importsOf(index).filter(({ type }) => !type) : [];
    const notMembers = [`${room}/index.ts`, ...engine.map((file) => `${room}/${file}`)];
    return sources
      .map(({ path }) => path)
      .filter((path) => roomOf(path) === room && !notMembers.includes(path))
      .filter((path) => !listed.some(({ to }) => to === path));
  });
}

function wrongNames(paths: readonly string[]): readonly string[] {
  const isKebab = (part: string) => /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(part);
  const isBanned = (part: string) =>
    part.split(/[^A-Za-z0-9]+/).some((word) => BANNED.includes(singular(word.toLowerCase())));
  return paths.filter((path) => path.split('/').some((part) => !isKebab(part) || isBanned(part)));
}

/** The circles that imports of values make, each as the files on its way. Types alone make none. */
function circles(sources: readonly Source[]): readonly string[] {
  const imports = new Map(
    sources.map((source) => [source.path, importsOf(source).flatMap(({ to, type }) => (type ? [] : [to]))]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const begin = way.indexOf(path);
    if (begin >= 0) found.push([...way.slice(begin), path].join(' > '));
    if (begin >= 0 || done.has(path)) return;
    for (const to of imports.get(path) ?? []) visit(to, [...way, path]);
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return found;
}

/** Properties that are grouped by a spread of a literal, in which no misspelled key is found. */
function spreads({ path, text }: Source): readonly string[] {
  const found: string[] = [];
  const file = parsed({ path, text });
  const bare = (node: ts.Expression): ts.Expression =>
    ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node)
      ? bare(node.expression)
      : node;
  const visit = (node: ts.Node): void => {
    if (ts.isSpreadAssignment(node) && ts.isObjectLiteralExpression(bare(node.expression))) {
      found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Stores that a function takes and spreads into what it gives: a new method of theirs would pass it by unseen. */
function spreadStores({ path, text }: Source): readonly string[] {
  const found: string[] = [];
  const ofStores = importsOf({ path, text }).filter(({ to }) => /(^|\/)(readmodels|eventstore)\//.test(to));
  const names = ofStores.flatMap(({ name }) => (STORES.includes(name) ? [name] : []));
  const file = parsed({ path, text });
  const isStore = ({ type }: ts.ParameterDeclaration): boolean =>
    type !== undefined && names.some((name) => new RegExp(`\\b${name}\\b`).test(type.getText(file)));
  const visit = (node: ts.Node, stores: readonly string[]): void => {
    const taken = ts.isFunctionLike(node)
      ? [...node.parameters].filter(isStore).map(({ name }) => name.getText(file))
      : [];
    if (ts.isSpreadAssignment(node) && stores.includes(node.expression.getText(file))) {
      found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`);
    }
    ts.forEachChild(node, (child) => visit(child, [...stores, ...taken]));
  };
  visit(file, []);
  return found;
}

/** The names in a file that are not of the field: those that it declares or uses. */
function privateWords({ path, text }: Source): readonly string[] {
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && PRIVATE.includes(node.text)) found.add(`${path}: ${node.text}`);
    ts.forEachChild(node, visit);
  };
  visit(parsed({ path, text }));
  return [...found];
}

/** How the names of our streams begin. */
const PREFIX = new RegExp(`^(?:${ownStreams.join('|')})(?:$|\\$)`);

/** Where a file writes how the name of a stream begins, instead of asking for it. */
function streamNames({ path, text }: Source): readonly string[] {
  if (path === 'domain/streams.ts') return [];
  const file = parsed({ path, text });
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const begin = ts.isStringLiteralLike(node) ? node.text : ts.isTemplateExpression(node) ? `${node.head.text}$` : '';
    if (PREFIX.test(begin)) found.push(`${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const home = join(import.meta.dirname, '..');
const pathsIn = (room: string): readonly string[] =>
  readdirSync(join(home, room), { recursive: true, encoding: 'utf8' }).map((path) => path.split(sep).join('/'));
const sourcesIn = (room: string): readonly Source[] =>
  pathsIn(room)
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: readFileSync(join(home, room, path), 'utf8') }));
const paths = pathsIn('src');
const sources = sourcesIn('src');

describe('the source', () => {
  it('has no room without a line in the table', () => {
    expect(unknownRooms(sources)).toEqual([]);
  });

  it('imports across rooms only as the table says', () => {
    expect(wrongImports(sources)).toEqual([]);
  });

  it('lists each member of a room with a list once in the index of its folder', () => {
    expect(unlisted(sources)).toEqual([]);
  });

  it('has kebab-case names in the words of the field', () => {
    expect(wrongNames(paths)).toEqual([]);
  });

  it('has only what starts it, wires it, or is of no room, outside of the rooms', () => {
    expect(paths.filter((path) => /\.(ts|js)$/.test(path) && !path.includes('/')).sort()).toEqual(ROOT);
  });

  it('imports in no circle', () => {
    expect(circles(sources)).toEqual([]);
  });

  it('groups no properties by a spread', () => {
    expect(['src', 'tests', 'bench', 'tools', 'demo'].flatMap((room) => sourcesIn(room).flatMap(spreads))).toEqual([]);
  });

  it('names each method of a store that it wraps', () => {
    expect(['src', 'bench', 'tools', 'demo'].flatMap((room) => sourcesIn(room).flatMap(spreadStores))).toEqual([]);
  });

  it('names streams in one place', () => {
    expect(sources.flatMap(streamNames)).toEqual([]);
  });

  it('speaks the words of the field', () => {
    expect(sources.flatMap(privateWords)).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    ['domain/lead.ts', `import { readFileSync } from 'node:fs';`],
    ['domain/lead.ts', `import type { Recorded } from '../eventstore/event-store.ts';`],
    ['domain/lead/lead.ts', `export * from '../../engine/handle.ts';`],
    ['flows/capture.ts', `import { leads } from '../projections/leads.ts';`],
    ['engine/handle.ts', `import { openStore } from '../eventstore/event-store.ts';`],
    ['commands/lead/capture.ts', `import { handling } from '../../engine/handle.ts';`],
    ['engine/states.ts', `type Store = import('../eventstore/checked.ts').Shapes;`],
    ['projections/leads.ts', `import { capture } from '../flows/capture.ts';`],
    ['reactors/route.ts', `import { server } from '../api/server.ts';`],
    ['jobs/rescore.ts', `import { type EventStore, openStore } from '../eventstore/event-store.ts';`],
    ['api/leads.ts', `import { leads } from '../projections/leads.ts';`],
    ['api/leads.ts', `import type { States } from '../engine/states.ts';`],
    ['queries/lead/lead.ts', `import { linkIdentifier } from '../../commands/lead/link-identifier.ts';`],
    ['api/leads.ts', `export const load = () => import('../eventstore/sqlite/store.ts');`],
    ['app.ts', `import { openSqliteEventStore } from './eventstore/sqlite/store.ts';`],
    ['api/leads.ts', `import { subscribe } from '../runners/subscription.ts';`],
    ['eventstore/checked.ts', `import { openSqliteEventStore } from './sqlite/store.ts';`],
    ['readmodels/sqlite/find.ts', `import type { Lead } from '../../domain/lead/lead.ts';`],
    ['telemetry/traced.ts', `import { StoreUnavailable } from '../eventstore/event-store.ts';`],
    ['main.ts', `import { openSqliteEventStore } from './eventstore/sqlite/store.ts';`],
    ['api/leads.ts', `import { parseConfig } from '../config/config.ts';`],
    ['api/leads.ts', `import type { ReadModels } from '../readmodels/read-models.ts';`],
    ['api/leads.ts', `import type { Documents } from '../readmodels/documents.ts';`],
    ['reactors/route.ts', `import type { Queries } from '../readmodels/queries.ts';`],
  ])('refuse in %s: %s', (path, text) => {
    expect(wrongImports([{ path, text }])).toHaveLength(1);
  });

  it.each([
    ['domain/lead.ts', `import { z } from 'zod'; import { v5 } from 'uuid'; import { Map } from 'immutable';`],
    ['domain/lead.ts', `import type { Event } from './event.ts';`],
    ['engine/handle.ts', `import { RevisionConflict, type EventStore } from '../eventstore/event-store.ts';`],
    ['projections/leads.ts', `import type { Collection } from '../readmodels/collection.ts';`],
    ['api/leads.ts', `import type { Queries } from '../readmodels/queries.ts';`],
    ['api/problem.ts', `import { ReadModelsUnavailable } from '../readmodels/read-models.ts';`],
    ['api/health.ts', `import type { Subscription } from '../runners/subscription.ts';`],
    ['readmodels/open.ts', `import { openSqliteReadModels } from './sqlite/read-models.ts';`],
    ['eventstore/open.ts', `import { openEventStoreDB } from './eventstoredb/store.ts';`],
    [
      'app.ts',
      `import { openEventStore } from './eventstore/open.ts'; import { commands } from './commands/index.ts';`,
    ],
    ['main.ts', `import { loadConfig } from './config/config.ts'; import { start } from './app.ts';`],
  ])('allow in %s: %s', (path, text) => {
    expect(wrongImports([{ path, text }])).toEqual([]);
  });

  it('find a room and a file that nobody put into the table', () => {
    const files = ['billing/invoice.ts', 'domain/lead.ts', 'cron.ts'].map((path) => ({ path, text: '' }));
    expect(unknownRooms(files)).toEqual(['billing', 'cron.ts']);
  });

  it('find a member that is not in the list of its folder', () => {
    const files = [
      { path: 'commands/index.ts', text: `import { a } from './lead/a.ts'; import type { B } from './lead/b.ts';` },
      ...['commands/lead/a.ts', 'commands/lead/b.ts', 'reactors/reactor.ts', 'reactors/c.ts'].map((path) => ({
        path,
        text: '',
      })),
    ];
    expect(unlisted(files)).toEqual(['commands/lead/b.ts', 'reactors/c.ts']);
  });

  it('find a circle, but not one of types', () => {
    const ring = (kind: string) => [
      { path: 'domain/a.ts', text: `import { b } from './b.ts';` },
      { path: 'domain/b.ts', text: `import ${kind}{ a } from './a.ts';` },
    ];
    expect(circles(ring(''))).toEqual(['domain/a.ts > domain/b.ts > domain/a.ts']);
    expect(circles(ring('type '))).toEqual([]);
  });

  it('find properties that a spread groups, but none that a condition adds', () => {
    const text = (inside: string) => ({ path: 'a.ts', text: `export const a = {\n  ${inside},\n};` });
    expect(spreads(text('...{ b: 1, c: 2 }'))).toEqual(['a.ts:2']);
    expect(spreads(text('...({ b: 1 } as const)'))).toEqual(['a.ts:2']);
    expect(spreads(text('...(b && { b: 1 })'))).toEqual([]);
  });

  it('find names of streams that are written by hand, but no other words with a dash', () => {
    const text = (inside: string) => ({ path: 'queries/a.ts', text: `export const a = ${inside};` });
    for (const inside of ["'lead-'", '`pool-${b}`', "b.startsWith('work-')"])
      expect(streamNames(text(inside))).toEqual(['queries/a.ts:1']);
    for (const inside of ["'lead-unknown'", '`leader-${b}`', '`a lead-${b}`'])
      expect(streamNames(text(inside))).toEqual([]);
  });

  it('find words of our own', () => {
    expect(privateWords({ path: 'a.ts', text: 'export const seen = (Sight: number) => Sight;' })).toEqual([
      'a.ts: seen',
      'a.ts: Sight',
    ]);
    expect(privateWords({ path: 'a.ts', text: "// seen\nexport const a = 'seen';" })).toEqual([]);
  });

  it('find a store that is spread by what wraps it, but not other things', () => {
    const text = (type: string, spread: string) => ({
      path: 'a.ts',
      text: `import { ${type.replaceAll(' &', ',')} } from './readmodels/read-models.ts';
export const a = (b: ${type}): ${type} => {\n  return { ...${spread}, close };\n};`,
    });
    expect(spreadStores(text('EventStore', 'b'))).toEqual(['a.ts:3']);
    expect(spreadStores(text('Documents & Queries', 'b'))).toEqual(['a.ts:3']);
    expect(spreadStores(text('EventStore', 'c'))).toEqual([]);
    expect(spreadStores(text('EventStoreOptions', 'b'))).toEqual([]);
  });

  it('find names in other words or another case', () => {
    const wrong = ['api/leadRoutes.ts', 'domain/Lead.ts', 'lead_score.ts', 'shared/a.ts', 'api/lead-service.ts'];
    const plural = ['readmodels/repositories.ts', 'api/string-util.ts', 'domain/sagas/a.ts'];
    expect(wrongNames([...wrong, ...plural])).toEqual([...wrong, ...plural]);
    expect(wrongNames(['domain/business-hours.ts', 'domain/score.ts', 'api/page.css', 'main.ts'])).toEqual([]);
  });
});
