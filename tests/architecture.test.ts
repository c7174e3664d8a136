import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const STORE_TYPES = ['type eventstore/event-store.ts', 'type readmodels/read-models.ts'];
/** Reading a stream page by page, however long it is. */
const STREAM_PAGES = ['eventstore/page.ts streamPages'];
const STORE_ERRORS = [
  'eventstore/event-store.ts RevisionConflict',
  'eventstore/event-store.ts StoreUnavailable',
  'readmodels/read-models.ts ReadModelsUnavailable',
];

/**
 * What each room may import besides itself: a room, the types of a file, or one name of a file.
 * `*` is everything but the adapters.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  commands: ['domain', ...STORE_TYPES, ...STORE_ERRORS, ...STREAM_PAGES],
  projections: [
    'domain',
    ...['generationName', 'servingOf', 'serve', 'begin', 'madeBy'].map((name) => `readmodels/generations.ts ${name}`),
    'eventstore/waiting.ts pause',
    ...STORE_TYPES,
    ...STORE_ERRORS,
    'eventstore/subscription.ts subscribe',
    'type eventstore/subscription.ts',
    'eventstore/leased.ts leased',
    'eventstore/leased.ts checkpointReached',
    'type eventstore/leased.ts',
  ],
  reactors: [
    'domain',
    'commands',
    'projections',
    ...STORE_TYPES,
    ...STORE_ERRORS,
    'eventstore/subscription.ts subscribe',
  ],
  api: [
    ...['domain', 'commands', 'projections', ...STORE_TYPES, ...STORE_ERRORS],
    ...['type eventstore/subscription.ts', 'type invariants/report.ts', 'invariants/report.ts reportSchema'],
    ...[
      'type telemetry/instruments.ts',
      'type telemetry/tracing.ts',
      'eventstore/page.ts pageLimits',
      'jobs/rebuild-lead.ts rebuildLead',
      'jobs/request-rebuild.ts requestRebuild',
      'jobs/request-of-project.ts requestOfProject',
      'jobs/request-rebuild.ts allProjections',
    ],
  ],
  invariants: [
    'domain',
    'projections',
    'eventstore/lost-tail.ts lostTail',
    ...STORE_TYPES,
    ...STORE_ERRORS,
    ...STREAM_PAGES,
  ],
  jobs: [
    'domain',
    'commands',
    'projections',
    'type reactors/reactor.ts',
    ...['generationName', 'servingOf', 'nextOf', 'versionOf'].map((name) => `readmodels/generations.ts ${name}`),
    ...STORE_TYPES,
    ...STORE_ERRORS,
  ],
  eventstore: ['domain', 'private-files.ts', ...STORE_TYPES],
  readmodels: ['private-files.ts', ...STORE_TYPES],
  telemetry: [
    'type jobs/work.ts',
    ...STORE_TYPES,
    ...[
      'type commands/handle.ts',
      'type reactors/reactor.ts',
      'type eventstore/subscription.ts',
      'type domain/event.ts',
    ],
  ],
  'config.ts': ['homes.ts', 'domain/nearest.ts nearestOf'],
  'homes.ts': [],
  'main.ts': ['app.ts', 'config.ts', 'data-lock.ts'],
  'admin-key.ts': ['private-files.ts'],
  'private-files.ts': [],
  'data-lock.ts': ['type config.ts', 'private-files.ts'],
  'new-id.ts': [],
  'integrity.ts': ['type config.ts', 'eventstore/damage.ts damageIn', 'readmodels/sqlite-damage.ts pageDamageIn'],
  'integrity-worker.ts': ['*'],
  'components.ts': ['api', 'projections', 'type integrity.ts', 'type eventstore/subscription.ts', ...STORE_TYPES],
  'migrate.ts': ['*'],
  'verify-invariants.ts': ['*'],
  'reading-report.ts': ['*'],
  'invariants-worker.ts': ['*'],
  'app.ts': ['*'],
  'workers.ts': ['*'],
  'ticking.ts': ['commands', 'projections', 'reactors', ...STORE_TYPES],
  'rebuild.ts': ['*'],
  'running-server.ts': ['config.ts', 'type config.ts'],
  'waiting-work.ts': ['projections', 'type telemetry/telemetry.ts', ...STORE_TYPES],
  'projections-worker.ts': ['*'],
};

/** What packages hold as data, and no code. */
const LISTS = ['i18n-iso-countries/codes.json', 'i18n-iso-countries/langs/en.json', 'email-providers/all.json'];

/** The packages of a room that may not use every package. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  domain: ['zod', 'immutable', 'uuid', 'lru-cache', 'temporal-polyfill', 'node:url', ...LISTS],
};

const ADAPTERS = [
  'eventstore/sqlite.ts',
  'eventstore/eventstoredb.ts',
  'readmodels/sqlite.ts',
  'readmodels/mongodb.ts',
];
const BUILDERS = ['eventstore/open.ts', 'readmodels/open.ts'];

/** Rooms with a list of their members, and the files in them that are no members. */
const LISTED: Readonly<Record<string, readonly string[]>> = {
  commands: [
    'command.ts',
    ...['breather.ts', 'handle.ts', 'line.ts', 'round.ts'],
    ...['attach.ts', 'underway.ts', 'time-slices.ts'],
    'capture.ts',
    'capture-groups.ts',
    'merge.ts',
    'resolve.ts',
    ...['state.ts', 'snapshots.ts', 'snapshot-queue.ts'],
    ...['routing.ts', 'placements.ts', 'reassign.ts'],
  ],
  projections: [
    ...['projection.ts', 'recent.ts', 'generations.ts', 'running.ts', 'thread.ts', 'lead-terms.ts'],
    'repair.ts',
  ],
  reactors: ['reactor.ts'],
  jobs: [
    ...['job-runner.ts', 'one-job.ts', 'work.ts'],
    ...['rebuild-lead.ts', 'rebuild-dashboard.ts', 'request-rebuild.ts', 'request-of-project.ts', 'renewal.ts'],
  ],
};

const BANNED = 'repository service manager bus mediator saga dto mapper utils helpers shared core'
  .split(' ')
  .map(singular);

/** A source file; the path is relative to src. */
type Source = { readonly path: string; readonly text: string };
type Import = { readonly from: string; readonly to: string; readonly name: string; readonly type: boolean };

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
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
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
  return ['*', roomOf(to), `${to} ${name}`, ...(type ? [`type ${to}`] : [])].some((entry) => allowed.includes(entry));
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

const root = join(import.meta.dirname, '..', 'src');
const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).map((path) => path.split(sep).join('/'));
const sources = paths
  .filter((path) => path.endsWith('.ts'))
  .map((path): Source => ({ path, text: readFileSync(join(root, path), 'utf8') }));

describe('the source', () => {
  it('has no room without a line in the table', () => {
    expect(unknownRooms(sources)).toEqual([]);
  });

  it('imports across rooms only as the table says', () => {
    expect(wrongImports(sources)).toEqual([]);
  });

  it('lists each command, projection and reactor once in the index of its folder', () => {
    expect(unlisted(sources)).toEqual([]);
  });

  it('has kebab-case names in the words of the field', () => {
    expect(wrongNames(paths)).toEqual([]);
  });
});

describe('the rules', () => {
  it.each([
    ['domain/lead.ts', `import { readFileSync } from 'node:fs';`],
    ['domain/lead.ts', `import type { Recorded } from '../eventstore/event-store.ts';`],
    ['domain/deep/lead.ts', `export * from '../../commands/handle.ts';`],
    ['commands/capture.ts', `import { leads } from '../projections/leads.ts';`],
    ['commands/capture.ts', `import { openStore } from '../eventstore/event-store.ts';`],
    ['commands/capture.ts', `type Store = import('../eventstore/checked.ts').Shapes;`],
    ['projections/leads.ts', `import { capture } from '../commands/capture.ts';`],
    ['reactors/route.ts', `import { server } from '../api/server.ts';`],
    ['api/leads.ts', `import { type EventStore, openStore } from '../eventstore/event-store.ts';`],
    ['api/leads.ts', `export const load = () => import('../eventstore/sqlite.ts');`],
    ['app.ts', `import { openSqliteEventStore } from './eventstore/sqlite.ts';`],
    ['api/leads.ts', `import { subscribe } from '../eventstore/subscription.ts';`],
    ['eventstore/checked.ts', `import { openSqliteEventStore } from './sqlite.ts';`],
    ['readmodels/sqlite.ts', `import type { Lead } from '../domain/lead.ts';`],
    ['telemetry/traced.ts', `import { StoreUnavailable } from '../eventstore/event-store.ts';`],
    ['main.ts', `import { openSqliteEventStore } from './eventstore/sqlite.ts';`],
    ['api/leads.ts', `import { parseConfig } from '../config.ts';`],
  ])('refuse in %s: %s', (path, text) => {
    expect(wrongImports([{ path, text }])).toHaveLength(1);
  });

  it.each([
    ['domain/lead.ts', `import { z } from 'zod'; import { v5 } from 'uuid'; import { Map } from 'immutable';`],
    ['domain/lead.ts', `import type { Event } from './event.ts';`],
    ['commands/handle.ts', `import { RevisionConflict, type EventStore } from '../eventstore/event-store.ts';`],
    ['projections/leads.ts', `import type { Collection } from '../readmodels/read-models.ts';`],
    ['api/problem.ts', `import { ReadModelsUnavailable } from '../readmodels/read-models.ts';`],
    ['api/health.ts', `import type { Subscription } from '../eventstore/subscription.ts';`],
    ['readmodels/open.ts', `import { openSqliteReadModels } from './sqlite.ts';`],
    ['eventstore/open.ts', `import { openEventStoreDB } from './eventstoredb.ts';`],
    [
      'app.ts',
      `import { openEventStore } from './eventstore/open.ts'; import { commands } from './commands/index.ts';`,
    ],
    ['main.ts', `import { loadConfig } from './config.ts'; import { start } from './app.ts';`],
  ])('allow in %s: %s', (path, text) => {
    expect(wrongImports([{ path, text }])).toEqual([]);
  });

  it('find a room and a file that nobody put into the table', () => {
    const files = ['billing/invoice.ts', 'domain/lead.ts', 'cron.ts'].map((path) => ({ path, text: '' }));
    expect(unknownRooms(files)).toEqual(['billing', 'cron.ts']);
  });

  it('find a member that is not in the list of its folder', () => {
    const files = [
      { path: 'commands/index.ts', text: `import { a } from './a.ts'; import type { B } from './b.ts';` },
      ...['commands/a.ts', 'commands/b.ts', 'commands/handle.ts', 'reactors/c.ts'].map((path) => ({ path, text: '' })),
    ];
    expect(unlisted(files)).toEqual(['commands/b.ts', 'reactors/c.ts']);
  });

  it('find names in other words or another case', () => {
    const wrong = ['api/leadRoutes.ts', 'domain/Lead.ts', 'lead_score.ts', 'shared/a.ts', 'api/lead-service.ts'];
    const plural = ['readmodels/repositories.ts', 'api/string-util.ts', 'domain/sagas/a.ts'];
    expect(wrongNames([...wrong, ...plural])).toEqual([...wrong, ...plural]);
    expect(wrongNames(['domain/business-hours.ts', 'domain/score.ts', 'api/page.css', 'main.ts'])).toEqual([]);
  });
});
