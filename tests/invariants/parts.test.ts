import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { openEventReader } from '../../src/eventstore/open.ts';
import { checkInvariants } from '../../src/invariants/check.ts';
import type { Part } from '../../src/invariants/parts.ts';
import { halves, Misplaced, whole } from '../../src/invariants/parts.ts';
import type { Report } from '../../src/invariants/report.ts';
import { joined } from '../../src/invariants/report.ts';
import { checksInThreads } from '../../src/invariants/thread.ts';
import { projections } from '../../src/projections/index.ts';
import { reactors } from '../../src/reactors/index.ts';
import { checkpointOf } from '../../src/reactors/reactor.ts';
import { serving } from '../../src/readmodels/generations.ts';
import { openDocumentReader } from '../../src/readmodels/open.ts';
import { openTestApp, tickingClock } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { leadPlaced } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const names = projections.map(({ name }) => name);
const checkpoints = [...names, ...reactors.map(checkpointOf)];
const filesIn = (folder: string) => ({
  eventStore: { scheme: 'sqlite', path: join(folder, 'events.db') } as const,
  readModels: { scheme: 'sqlite', path: join(folder, 'read-models.db') } as const,
});

/** What is compared: all but how long it took and which violation was found first. */
const comparable = (report: Report) => ({
  ...report,
  took: 0,
  invariants: report.invariants.map(({ examples, ...invariant }) => ({
    ...invariant,
    examples: invariant.violations > 10 ? examples.length : examples.map((each) => JSON.stringify(each)).sort(),
  })),
});

const entry = new URL('../../src/invariants/thread-entry.ts', import.meta.url);
const outside = { now: () => noon, sleep: async () => undefined };

/** The report of a check in parts; undefined when they can't be judged apart. */
const reportOf = async (folder: string, parts: readonly Part[], projectId?: string): Promise<Report | undefined> => {
  const { eventStore, readModels: documents } = filesIn(folder);
  const store = await openEventReader(eventStore);
  const readModels = serving(await openDocumentReader(documents), names, { maxAge: 0 });
  const head = await store.head();
  const told = Object.fromEntries(checkpoints.map((name) => [name, head]));
  const check = (part: Part) =>
    checkInvariants({ store, readModels }, { part, projectId, checkpoints, told, live: false }, outside);
  const results = await Promise.allSettled(parts.map(check));
  await readModels.close();
  await store.close();
  const failed = results.find((result) => result.status === 'rejected');
  if (failed && !(failed.reason instanceof Misplaced)) throw failed.reason;
  return failed
    ? undefined
    : results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])).reduce(joined);
};

const made = { folder: '', projectId: '', leads: [] as string[], merged: [] as string[] };

/** A visitor whose lead's id begins with this. */
const visitorAt = (projectId: string, beginning: string): string => {
  for (let index = 0; ; index++) {
    const value = `visitor-${index}`;
    if (leadIdOf(projectId, { kind: 'anonymousId', value }).startsWith(beginning)) return value;
  }
};

// In both halves, and next to their border on both sides. None is the beginning of another, so each is of a lead of its own.
const beginnings = ['0', '3', '7e', '7f', '80', '81', 'a', 'f'];

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-parts-'));
  const app = await openTestApp({ clock: tickingClock(), dataDir: folder });
  const project = await app.project();
  Object.assign(made, { folder, projectId: project.projectId });
  for (const beginning of beginnings) {
    const anonymousId = visitorAt(project.projectId, beginning);
    const activities = ['demo_request', 'page_view', 'signup'].map((eventType, at) => {
      return { eventType, anonymousId, eventId: `e${at}`, timestamp: `2026-03-10T1${at}:00:00.000Z` };
    });
    await project.batch(activities);
    made.leads.push(leadIdOf(project.projectId, { kind: 'anonymousId', value: anonymousId }));
  }
  // Two that are merged across the border, one each way, by somebody who is both.
  for (const [older, younger] of [
    ['1', 'b'],
    ['c', '2'],
  ] as const) {
    const [first, second] = [visitorAt(project.projectId, older), visitorAt(project.projectId, younger)];
    const seen = { eventType: 'page_view', anonymousId: first };
    const { leadId } = mustBe(await project.send({ ...seen, eventId: 'first' }), 202).body;
    const known = { eventType: 'signup', userId: `user-${older}` };
    await project.send({ ...known, anonymousId: first, eventId: 'known' });
    const other = mustBe(await project.send({ ...seen, anonymousId: second, eventId: 'other' }), 202).body.leadId;
    await project.send({ ...known, anonymousId: second, eventId: 'joined' });
    made.leads.push(leadId);
    made.merged.push(other);
  }
  await app.settled();
  await app.close();
});
afterAll(() => rmSync(made.folder, { recursive: true }));

const changed = (table: string, change: string) => `UPDATE "docs.${table}" SET doc = ${change} WHERE id = ?1`;
const copied = (table: string, rest: string) =>
  `INSERT OR REPLACE INTO "docs.${table}" (project, id, position, doc) SELECT project, ?2, position, json_set(doc, '$.leadId', ?3${rest})
    FROM "docs.${table}" WHERE id = ?1`;

type Edit = { readonly sql: string; readonly values: readonly string[]; readonly file?: string };

const oddIds = ['', '7', '7~', '8', '8.', '80', '7fffffff', 'nobody', 'é'];

/** Edits of one lead, or of one and what is said to be another. */
const editOf = {
  score: (id) => ({ sql: changed('leads', `json_set(doc, '$.score', 12345)`), values: [id] }),
  count: (id) => ({ sql: changed('leads', `json_set(doc, '$.activities', 7)`), values: [id] }),
  assignee: (id) => ({ sql: changed('leads', `json_set(doc, '$.assignee', 'bob')`), values: [id] }),
  gone: (id) => ({ sql: `DELETE FROM "docs.leads" WHERE id = ?1`, values: [id] }),
  points: (id) => ({ sql: changed('history', `json_set(doc, '$.delta', 31)`), values: [`${id}.e1`] }),
  time: (id) => ({ sql: changed('history', `json_set(doc, '$.occurredAt', '2026-01-01')`), values: [`${id}.e2`] }),
  entryGone: (id) => ({ sql: changed('history', 'NULL'), values: [`${id}.e0`] }),
  entry: (id) => ({ sql: copied('history', `, '$.eventId', 'x'`), values: [`${id}.e0`, `${id}.x`, id] }),
  oddLead: (id, odd) => ({ sql: copied('leads', ''), values: [id, odd, odd] }),
  oddEntry: (id, odd) => ({ sql: copied('history', ''), values: [`${id}.e1`, `${odd}.e1`, odd] }),
  strangeLead: (id, other) => ({ sql: changed('leads', `json_set(doc, '$.leadId', ?2)`), values: [id, other] }),
  strangeEntry: (id, other) => ({ sql: copied('history', ''), values: [`${id}.e1`, `${id}.e9`, other] }),
  pointerGone: (_, merged) => ({ sql: `DELETE FROM "docs.merged-leads" WHERE id = ?1`, values: [merged] }),
  pointer: (_, merged) => ({ sql: changed('merged-leads', `json_set(doc, '$.into', 'elsewhere')`), values: [merged] }),
  pointers: (_, merged) => ({
    sql: `INSERT OR REPLACE INTO "docs.merged-leads" SELECT project, 'x' || id, position, doc FROM "docs.merged-leads" WHERE id = ?1`,
    values: [merged],
  }),
  placed: (id) => ({
    sql: `UPDATE events SET type = 'LeadPlaced', data = ?2 WHERE type = 'LeadHeld' AND data ->> '$.leadId' = ?1`,
    values: [id, JSON.stringify(leadPlaced({ leadId: id }).data)],
    file: 'events.db',
  }),
} as const satisfies Record<string, (id: string, other: string) => Edit>;
type Kind = keyof typeof editOf;

const others = (kind: Kind): readonly string[] =>
  kind.startsWith('odd') ? oddIds : kind.startsWith('pointer') ? made.merged : made.leads;

const planting = (folder: string, { sql, values, file = 'read-models.db' }: Edit): number => {
  const db = new DatabaseSync(join(folder, file));
  const { changes } = db.prepare(sql).run(...values);
  db.close();
  return Number(changes);
};

/** A copy of the files with some edits, for as long as something is done with it. */
const withEdits = async (edits: readonly Edit[], look: (folder: string) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-edited-'));
  cpSync(made.folder, folder, { recursive: true });
  for (const edit of edits) planting(folder, edit);
  await look(folder);
  rmSync(folder, { recursive: true });
};

const kinds = Object.keys(editOf) as Kind[];
type Planted = { readonly kind: Kind; readonly one: number; readonly another: number };
const anyEdit: fc.Arbitrary<Planted> = fc.record({
  kind: fc.constantFrom(...kinds),
  one: fc.nat(),
  another: fc.nat(),
});

const at = (list: readonly string[], place: number): string => list[place % list.length] ?? '';
const edited = ({ kind, one, another }: Planted): Edit => editOf[kind](at(made.leads, one), at(others(kind), another));

describe('A check in two parts', () => {
  it('finds nothing where one of all leads finds nothing, and sees as much', async () => {
    const report = await reportOf(made.folder, [whole]);
    expect(report).toMatchObject({ status: 'healthy', leads: made.leads.length });
    const inParts = await reportOf(made.folder, halves);
    expect(inParts && comparable(inParts)).toEqual(report && comparable(report));
    for (const part of halves) expect((await reportOf(made.folder, [part]))?.leads).toBe(made.leads.length / 2);
  });

  it.each(kinds)('finds what one of all leads finds: %s in both halves', async (kind) => {
    const edits = made.leads.map((_, one) => edited({ kind, one, another: one + 1 }));
    await withEdits(edits, async (folder) => {
      const report = await reportOf(folder, [whole]);
      const inParts = await reportOf(folder, halves);
      expect(report?.status).toBe('violated');
      if (inParts) expect(comparable(inParts)).toEqual(report && comparable(report));
    });
  });

  it('finds the same whatever is planted, in all projects or in one', () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyEdit, { maxLength: 6 }), fc.boolean(), (planted, all) =>
        withEdits(planted.map(edited), async (folder) => {
          const projectId = all ? undefined : made.projectId;
          const report = await reportOf(folder, [whole], projectId);
          const inParts = await reportOf(folder, halves, projectId);
          if (inParts) expect(comparable(inParts)).toEqual(report && comparable(report));
          else expect(report?.status).toBe('violated');
        }),
      ),
      { numRuns: 40 },
    ));

  it('is one of all leads when a document of one part lies in the other', async () => {
    const [low = '', high = ''] = [made.leads[2], made.leads[4]];
    await withEdits([editOf.strangeEntry(low, high), editOf.score(low)], async (folder) => {
      expect(await reportOf(folder, halves)).toBeUndefined();
      const checked = (parts: readonly Part[]) =>
        checksInThreads({
          ...filesIn(folder),
          entry,
          clock: () => noon,
          live: false,
          parts,
          checkpoints: [],
          positions: async () => ({}),
        }).check();
      const [report, inParts] = [await checked([whole]), await checked(halves)];
      expect(comparable(inParts)).toEqual(comparable(report));
      const found = report.invariants.flatMap(({ id, examples }) => examples.map(({ leadId }) => [id, leadId]));
      expect(found).toEqual([
        [2, high],
        [5, low],
        [7, low],
      ]);
    });
  });
});
