import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it } from 'vitest';
import { appOfFile, tickingClock } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { leadPlaced } from '../support/facts.ts';

const app = appOfFile(tickingClock());

/** Changes a file of the app while it runs. */
const edit = (file: 'events.db' | 'read-models.db', sql: string, ...values: readonly (string | number | null)[]) => {
  const db = new DatabaseSync(join(app().dataDir, file), { timeout: 5_000 });
  try {
    return Number(db.prepare(sql).run(...values).changes);
  } finally {
    db.close();
  }
};

type Ids = { readonly projectId: string; readonly leadId: string; readonly merged: string; readonly linked: string };

const idOf = async (project: Project, who: object, eventId = 'first'): Promise<string> =>
  mustBe(await project.send({ ...who, eventId, eventType: 'page_view' }), 202).body.leadId;

/** A project with a lead that qualified, one that was merged into it, and two that have nothing to do with it. */
const furnished = async (): Promise<{ readonly project: Project; readonly ids: Ids }> => {
  const project = await app().project();
  const leadId = await idOf(project, { userId: 'ada' });
  const merged = await idOf(project, { anonymousId: 'cookie' }, 'own');
  const events = ['demo_request', 'page_view', 'page_view', 'signup'].map((eventType, at) => ({
    eventType,
    userId: 'ada',
    eventId: `e${at}`,
    timestamp: `2026-03-10T1${at}:00:00.000Z`,
    properties: { at },
    traits: { city: 'Delft' },
  }));
  await project.batch(events);
  mustBe(await project.send({ userId: 'ada', anonymousId: 'cookie', eventId: 'joined', eventType: 'download' }), 202);
  mustBe(await project.send({ userId: 'ada', email: 'ada@example.com', eventId: 'mail', eventType: 'download' }), 202);
  await idOf(project, { userId: 'bob' });
  await idOf(project, { userId: 'eve' });
  await app().settled();
  const [linked] = (await project.get(`/api/leads/${leadId}`)).identifiers.filter(({ kind }: Json) => kind === 'email');
  expect(linked.value).toBe('ada@example.com');
  const db = new DatabaseSync(join(app().dataDir, 'events.db'), { readOnly: true });
  const found = db
    .prepare(
      `SELECT stream FROM events WHERE type = 'LeadMerged' AND data ->> '$.identifier.value' = ? AND stream LIKE ?`,
    )
    .get('ada@example.com', `lead-${project.projectId}.%`);
  db.close();
  const stream = String(found?.['stream']);
  return {
    project,
    ids: { projectId: project.projectId, leadId, merged, linked: stream.slice(stream.indexOf('.') + 1) },
  };
};

const reportOf = async (headers = {}): Promise<Json> =>
  mustBe(await app().root('GET', '/api/admin/system-health', { headers }), 200).body;

/** What is wrong with a project by a report: the invariants with their examples. */
const wrongs = ({ invariants }: Json, projectId: string): readonly (readonly [number, Json])[] =>
  invariants.flatMap(({ id, examples }: Json) =>
    examples.filter((each: Json) => each.projectId === projectId).map((each: Json) => [id, each]),
  );

const lead = (change: string) => `UPDATE "docs.leads" SET doc = ${change} WHERE project = ? AND id = ?`;
const entry = (change: string) => `UPDATE "docs.history" SET doc = ${change} WHERE project = ? AND id = ?`;
const copied = `INSERT OR REPLACE INTO "docs.history" (project, id, position, "$.leadId", "$.occurredAt", doc)
  SELECT project, ?1, position, ?2, "$.occurredAt", json_set(doc, '$.leadId', ?2, '$.eventId', ?3)
  FROM "docs.history" WHERE project = ?4 AND id = ?5`;

/** Has a pool say something else than that a lead waits. */
const said = (projectId: string, type: string, data: object) =>
  edit(
    'events.db',
    `UPDATE events SET type = ?, data = ?
      WHERE position = (SELECT max(position) FROM events WHERE stream = ? AND type = 'LeadHeld')`,
    ...[type, JSON.stringify(data), `pool-${projectId}`],
  );

type Planted = {
  readonly what: string;
  readonly plant: (ids: Ids) => number;
  /** The invariants, and the lead that is shown as an example: `leadId` unless said. */
  readonly breaks: number | readonly number[];
  readonly shows?: (ids: Ids) => string;
  readonly eventId?: string;
};

const documents = 'read-models.db';

const planted: readonly Planted[] = [
  {
    what: 'an activity that the history says was scored twice by a rule',
    plant: ({ projectId, leadId }) =>
      edit(
        documents,
        entry(`json_set(doc, '$.because', json('[{"rule":"signup","points":30},{"rule":"signup","points":30}]'))`),
        ...[projectId, `${leadId}.e3`],
      ),
    breaks: 1,
    eventId: 'e3',
  },
  {
    what: 'points that nothing brought',
    plant: ({ projectId, leadId }) => edit(documents, entry(`json_set(doc, '$.delta', 31)`), projectId, `${leadId}.e3`),
    breaks: 1,
    eventId: 'e3',
  },
  {
    what: 'a second entry of the same event id',
    plant: ({ projectId, leadId }) => edit(documents, copied, `${leadId}.e1~`, leadId, 'e1', projectId, `${leadId}.e1`),
    breaks: 2,
    eventId: 'e1',
  },
  {
    what: 'a second entry of the same event id under another lead',
    plant: ({ projectId, leadId, linked }) =>
      edit(documents, copied, `${linked}.e1`, leadId, 'e1', projectId, `${leadId}.e1`),
    breaks: 2,
    eventId: 'e1',
  },
  {
    what: 'an entry that is missing',
    plant: ({ projectId, leadId }) =>
      edit(documents, `DELETE FROM "docs.history" WHERE project = ? AND id = ?`, projectId, `${leadId}.e2`),
    breaks: 3,
    eventId: 'e2',
  },
  {
    what: 'the entry of an absorbed activity that is missing',
    plant: ({ projectId, leadId }) =>
      edit(
        documents,
        `UPDATE "docs.history" SET doc = NULL, gone = 1 WHERE project = ? AND id = ?`,
        projectId,
        `${leadId}.joined`,
      ),
    breaks: 3,
    eventId: 'joined',
  },
  {
    what: 'an entry with other properties',
    plant: ({ projectId, leadId }) =>
      edit(documents, entry(`json_set(doc, '$.properties.at', 7)`), projectId, `${leadId}.e2`),
    breaks: 3,
    eventId: 'e2',
  },
  {
    what: 'a lead without its document',
    plant: ({ projectId, leadId }) =>
      edit(documents, `DELETE FROM "docs.leads" WHERE project = ? AND id = ?`, projectId, leadId),
    breaks: 3,
  },
  {
    what: 'a count of activities that is wrong',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_set(doc, '$.activities', 2)`), projectId, leadId),
    breaks: 3,
  },
  {
    what: 'another profile',
    plant: ({ projectId, leadId }) =>
      edit(documents, lead(`json_set(doc, '$.profile.city', 'Rome')`), projectId, leadId),
    breaks: 3,
  },
  {
    what: 'an identifier too few',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_remove(doc, '$.identifiers[0]')`), projectId, leadId),
    breaks: 3,
  },
  {
    what: 'an entry without an activity',
    plant: ({ projectId, leadId }) =>
      edit(documents, copied, `${leadId}.made-up`, leadId, 'made-up', projectId, `${leadId}.e1`),
    breaks: 4,
    eventId: 'made-up',
  },
  {
    what: 'an entry of a lead that there is not',
    plant: ({ projectId, leadId }) => edit(documents, copied, 'nobody.e1', 'nobody', 'e1', projectId, `${leadId}.e1`),
    breaks: 4,
    shows: () => 'nobody',
    eventId: 'e1',
  },
  {
    what: 'a lead without a stream',
    plant: ({ projectId, leadId }) =>
      edit(
        documents,
        `INSERT INTO "docs.leads" (project, id, position, doc) SELECT project, ?, position, json_set(doc, '$.leadId', ?)
          FROM "docs.leads" WHERE project = ? AND id = ?`,
        ...['nobody', 'nobody', projectId, leadId],
      ),
    breaks: 4,
    shows: () => 'nobody',
  },
  {
    what: 'another score',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_set(doc, '$.score', 12.5)`), projectId, leadId),
    breaks: 5,
  },
  {
    what: 'another stage',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_set(doc, '$.stage', 'cold')`), projectId, leadId),
    breaks: 5,
  },
  {
    what: 'a score beyond the cap, which is not what the stream adds up to either',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_set(doc, '$.score', 20000)`), projectId, leadId),
    breaks: [5, 7],
  },
  {
    what: 'a score in the stream that its activities do not come to',
    plant: ({ projectId, leadId }) => {
      const stream = `lead-${projectId}.${leadId}`;
      const last = `(SELECT max(revision) FROM events WHERE stream = ? AND type = 'LeadScored')`;
      edit(documents, lead(`json_set(doc, '$.score', 99)`), projectId, leadId);
      edit(documents, entry(`json_set(doc, '$.score', 99)`), projectId, `${leadId}.mail`);
      const change = `UPDATE events SET data = json_set(data, '$.score', 99) WHERE stream = ? AND revision = ${last}`;
      return edit('events.db', change, stream, stream);
    },
    breaks: 5,
  },
  {
    what: 'an activity that is listed at another time',
    plant: ({ projectId, leadId }) =>
      edit(documents, entry(`json_set(doc, '$.occurredAt', '2026-03-10T12:30:00.000Z')`), projectId, `${leadId}.e3`),
    breaks: 6,
    eventId: 'e3',
  },
  {
    what: 'an entry of a merged lead that is still there',
    plant: ({ projectId, leadId, merged }) =>
      edit(documents, copied, `${merged}.own`, merged, 'own', projectId, `${leadId}.own`),
    breaks: 8,
    shows: ({ merged }) => merged,
    eventId: 'own',
  },
  {
    what: 'a merged lead that is still a lead',
    plant: ({ projectId, leadId, merged }) =>
      edit(
        documents,
        `UPDATE "docs.leads" SET doc = (SELECT json_set(doc, '$.leadId', ?) FROM "docs.leads" WHERE id = ?)
          WHERE project = ? AND id = ?`,
        ...[merged, leadId, projectId, merged],
      ),
    breaks: 8,
    shows: ({ merged }) => merged,
  },
  {
    what: 'a merged lead that leads elsewhere',
    plant: ({ projectId, merged, linked }) =>
      edit(
        documents,
        `UPDATE "docs.merged-leads" SET doc = json_set(doc, '$.into', ?) WHERE project = ? AND id = ?`,
        ...[linked, projectId, merged],
      ),
    breaks: 8,
    shows: ({ merged }) => merged,
  },
  {
    what: 'a linked identifier that leads nowhere',
    plant: ({ projectId, linked }) =>
      edit(documents, `DELETE FROM "docs.merged-leads" WHERE project = ? AND id = ?`, projectId, linked),
    breaks: 8,
    shows: ({ linked }) => linked,
  },
  {
    what: 'a qualified lead that is not known to be',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_set(doc, '$.qualified', 0)`), projectId, leadId),
    breaks: 9,
  },
  {
    what: 'a qualified lead of somebody who was never given it',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_set(doc, '$.assignee', 'bob')`), projectId, leadId),
    breaks: 9,
  },
  {
    what: 'a lead that waits and is not known to',
    plant: ({ projectId, leadId }) => edit(documents, lead(`json_set(doc, '$.routing', 'none')`), projectId, leadId),
    breaks: 9,
  },
  {
    what: 'a lead that waits without an open work item',
    plant: ({ projectId, leadId }) =>
      edit(
        documents,
        `UPDATE "docs.work-items" SET doc = json_set(doc, '$.status', 'completed') WHERE project = ? AND doc ->> '$.leadId' = ?`,
        ...[projectId, leadId],
      ),
    breaks: 9,
  },
  {
    what: 'a lead that waits and that the pool forgot',
    plant: ({ projectId, leadId }) =>
      said(projectId, 'LeadFreed', { leadId, credit: false, reason: 'gone', freedAt: '2026-03-10T12:00:00.000Z' }),
    breaks: 9,
  },
  {
    what: 'a place in the pool for a lead that waits',
    plant: ({ projectId, leadId }) => said(projectId, 'LeadPlaced', leadPlaced({ leadId }).data),
    breaks: 9,
  },
];

describe('System health finds', () => {
  const seen: { report?: Json; readonly ids: Map<string, Ids> } = { ids: new Map() };
  const clean: Ids[] = [];

  beforeAll(async () => {
    for (const { what } of planted) seen.ids.set(what, (await furnished()).ids);
    clean.push((await furnished()).ids);
    expect(await reportOf()).toMatchObject({ status: 'healthy' });
    for (const { what, plant } of planted) {
      const ids = seen.ids.get(what);
      expect([what, ids && plant(ids)]).toEqual([what, 1]);
    }
    seen.report = await reportOf();
  });

  it.each(planted)('$what', ({ what, breaks, shows = ({ leadId }) => leadId, eventId }) => {
    const ids = seen.ids.get(what);
    if (!ids) throw new Error(`Nothing was planted for ${what}`);
    const found = wrongs(seen.report, ids.projectId);
    expect(found.map(([id]) => id)).toEqual([breaks].flat());
    for (const [, example] of found) {
      expect(example).toMatchObject({ leadId: shows(ids), ...(eventId !== undefined && { eventId }) });
      expect(example.why).toMatch(/\w+ \w+/);
    }
  });

  it('nothing else', async () => {
    expect(seen.report.status).toBe('violated');
    const violations = seen.report.invariants.reduce((sum: number, each: Json) => sum + each.violations, 0);
    expect(violations).toBe(planted.flatMap(({ breaks }) => breaks).length);
    const [{ projectId } = { projectId: '' }] = clean;
    expect(await reportOf({ 'x-project-id': projectId })).toMatchObject({ status: 'healthy' });
  });

  it('ids that the read models say were merged, although nothing in the log says so', async () => {
    const { projectId, merged } = (await furnished()).ids;
    const made = `INSERT INTO "docs.merged-leads" SELECT project, 'x' || id, position, doc FROM "docs.merged-leads"
      WHERE project = ? AND id = ?`;
    expect(edit(documents, made, projectId, merged)).toBe(1);
    const found = wrongs(await reportOf({ 'x-project-id': projectId }), projectId);
    expect(found).toMatchObject([[4, { why: expect.stringContaining('3 ids') }]]);
  });

  it('a checkpoint beyond the end of the log', async () => {
    const head = await app().head();
    const name = 'dashboard';
    expect(edit(documents, 'UPDATE checkpoints SET position = ? WHERE name = ?', head + 50, name)).toBe(1);
    const { invariants } = await reportOf({ 'x-project-id': clean[0]?.projectId });
    const wrong = invariants.filter(({ violations }: Json) => violations > 0);
    expect(wrong).toMatchObject([{ id: 10, violations: 1, examples: [{ why: expect.stringContaining(name) }] }]);
  });
});
