import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { answersOf } from '../support/answers.ts';
import type { TestApp } from '../support/app.ts';
import { appOfFile } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

/** Edits the read models behind the back of the app. */
const tampered = (app: TestApp, ...statements: readonly string[]): void => {
  const db = new DatabaseSync(join(app.dataDir, 'read-models.db'), { timeout: 5_000 });
  for (const sql of statements) db.exec(sql);
  db.close();
};

/** A project whose people did something; one of them as two leads that were merged. */
const populating = async (app: TestApp) => {
  const project = await app.project();
  const types = ['signup', 'page_view', 'download', 'demo_request'];
  const events = Array.from({ length: 24 }, (_, n) => ({ userId: `user-${n % 6}`, eventType: types[n % 4] }));
  mustBe(await project.batch(events), 200);
  const leadOf = async (event: Json): Promise<string> => mustBe(await project.send(event), 202).body.leadId;
  const cookie = await leadOf({ anonymousId: 'cookie', eventType: 'page_view' });
  const ada = await leadOf({ email: 'ada@example.com', eventType: 'signup' });
  // Both came at the same time by the clock of the test, so which one lives on is known only now.
  const survivor = await leadOf({ email: 'ada@example.com', anonymousId: 'cookie', eventType: 'download' });
  await app.settled();
  return { app, project, survivor, merged: survivor === ada ? cookie : ada };
};

const rebuilt = async (project: Project, leadId: string): Promise<Json> =>
  mustBe(await project.asRoot('POST', `/api/admin/rebuild/${leadId}`), 200).body;

const healthOf = async ({ asRoot }: Project): Promise<Json> =>
  mustBe(await asRoot('GET', '/api/admin/system-health'), 200).body.status;

/** Asks for a job and gives it when nothing is left to do. */
const ended = async (app: TestApp, path: string): Promise<Json> => {
  const { jobId } = mustBe(await app.root('POST', path), 202).body;
  await app.settled();
  return mustBe(await app.root('GET', `/api/admin/jobs/${jobId}`), 200).body;
};

// Each test breaks and looks at the leads of a project of its own.
const shared = appOfFile();

describe('Rebuilding a lead', () => {
  it('changes nothing that was right, and says so: of a usual lead, a survivor and a merged one', async () => {
    const { project, survivor, merged } = await populating(shared());
    const before = await answersOf(project);
    const [{ leadId: usual }] = await project.all('/api/leads?sort=firstSeenAt');
    for (const leadId of [usual, survivor, merged]) {
      const { identical, before: was, after, events } = await rebuilt(project, leadId);
      expect([identical, was, events > 0]).toEqual([true, after, true]);
      expect(after).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(await answersOf(project)).toEqual(before);
    expect(await healthOf(project)).toBe('healthy');
  });

  it('repairs whatever is wrong with its documents, and says whether they said the same before', async () => {
    const { app, project, survivor: id } = await populating(shared());
    const before = await answersOf(project);
    const { after: right } = await rebuilt(project, id);
    const damages: readonly (readonly [string, boolean, string])[] = [
      ['edited', false, `UPDATE "docs.leads" SET doc = json_set(doc, '$.score', 999) WHERE id = '${id}'`],
      ['unreadable', false, `UPDATE "docs.leads" SET doc = '{"score": "many"}' WHERE id = '${id}'`],
      ['lost', false, `DELETE FROM "docs.leads" WHERE id = '${id}'`],
      ['lost from its history', false, `DELETE FROM "docs.history" WHERE id LIKE '${id}.%'`],
      [
        'in the history, but never was',
        false,
        `INSERT INTO "docs.history" (project, id, position, "$.leadId", "$.occurredAt", doc)
          SELECT project, '${id}.planted', position, "$.leadId", "$.occurredAt",
          json_set(doc, '$.eventId', 'planted') FROM "docs.history" WHERE id LIKE '${id}.%' LIMIT 1`,
      ],
      // Its documents say what they should: only where they come from is wrong.
      ['ahead of the log', true, `UPDATE "docs.leads" SET position = 1000000000 WHERE id = '${id}'`],
    ];
    for (const [damage, identical, sql] of damages) {
      tampered(app, sql);
      expect(await rebuilt(project, id), damage).toMatchObject({ identical, after: right });
    }
    expect(await answersOf(project)).toEqual(before);
    // What comes next is taken, though the last one was ahead of it.
    await project.send({ anonymousId: 'cookie', eventType: 'signup' });
    await app.settled();
    expect((await project.get(`/api/leads/${id}`)).activities).toBe(4);
    expect(await healthOf(project)).toBe('healthy');
  });

  it('loses and doubles nothing of what comes meanwhile', async () => {
    const { app, project, survivor } = await populating(shared());
    const sending = Array.from({ length: 20 }, () => project.send({ anonymousId: 'cookie', eventType: 'page_view' }));
    for (let n = 0; n < 5; n++) {
      tampered(app, `UPDATE "docs.leads" SET doc = json_set(doc, '$.activities', 1) WHERE id = '${survivor}'`);
      const { status } = await project.asRoot('POST', `/api/admin/rebuild/${survivor}`);
      expect([200, 503]).toContain(status);
    }
    await Promise.all(sending);
    await app.settled();
    await rebuilt(project, survivor);
    expect((await project.get(`/api/leads/${survivor}`)).score).toBe(30 + 5 + 15 + 20 * 5);
    expect(await healthOf(project)).toBe('healthy');
  });

  it('is not done for a lead that is not there, or for somebody else', async () => {
    const { app, project, survivor } = await populating(shared());
    const nobody = await project.asRoot('POST', '/api/admin/rebuild/0b1f8a57-7d1e-5b0c-9a43-3d8f2f2f6a01');
    expect({ status: nobody.status, code: nobody.body.code }).toEqual({ status: 404, code: 'lead-unknown' });
    const other = await app.project();
    expect((await other.asRoot('POST', `/api/admin/rebuild/${survivor}`)).status).toBe(404);
    expect((await project.request('POST', `/api/admin/rebuild/${survivor}`)).status).toBe(403);
  });
});

describe('Rebuilding a project', () => {
  it('repairs all of its leads and its numbers', async () => {
    const { app, project } = await populating(shared());
    const before = await answersOf(project);
    const ours = `project = '${project.projectId}'`;
    tampered(
      app,
      `UPDATE "docs.leads" SET doc = json_set(doc, '$.score', 7) WHERE ${ours}`,
      `DELETE FROM "docs.history" WHERE rowid % 3 = 0 AND ${ours}`,
      `UPDATE "docs.dashboard" SET doc = json_set(doc, '$.activities', 7) WHERE ${ours}`,
      `INSERT INTO "docs.leads" (project, id, position, doc) SELECT project, '0b1f8a57-7d1e-5b0c-9a43-3d8f2f2f6a01', position,
        json_set(doc, '$.leadId', '0b1f8a57-7d1e-5b0c-9a43-3d8f2f2f6a01') FROM "docs.leads" WHERE doc IS NOT NULL AND ${ours} LIMIT 1`,
    );
    const job = await ended(app, `/api/admin/rebuild-project/${project.projectId}`);
    expect(job).toMatchObject({ kind: 'rebuild-project', status: 'completed', progress: 1 });
    expect(await answersOf(project)).toEqual(before);
    expect(await healthOf(project)).toBe('healthy');
  });

  it('is not done for a project that is not there', async () => {
    const answer = await shared().root('POST', '/api/admin/rebuild-project/nobody');
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status: 404, code: 'project-unknown' });
  });
});

describe('Rebuilding a projection', () => {
  it('of leads, history or dashboard makes what was there, while it is used, and repairs it', async () => {
    const { app, project } = await populating(shared());
    const before = await answersOf(project);
    const rebuilding: string[] = [];
    for (const projection of ['leads', 'history', 'dashboard']) {
      tampered(app, `DELETE FROM "docs.${projection}" WHERE rowid % 2 = 0`);
      const path = `/api/admin/projections/${projection}/rebuild`;
      rebuilding.push(mustBe(await app.root('POST', path), 202).body.jobId);
    }
    await project.send({ userId: 'meanwhile', eventType: 'signup' });
    await app.settled();
    for (const jobId of rebuilding) {
      const job = mustBe(await app.root('GET', `/api/admin/jobs/${jobId}`), 200).body;
      expect(job).toMatchObject({ kind: 'rebuild-projection', status: 'completed', result: { generation: 1 } });
    }
    const after = await answersOf(project);
    expect(after.leads.length).toBe(before.leads.length + 1);
    expect(after.timelines.flat()).toEqual(expect.arrayContaining(before.timelines.flat()));
    await project.send({ userId: 'meanwhile', eventType: 'signup' });
    await app.settled();
    expect(await healthOf(project)).toBe('healthy');
  }, 20_000);

  it('that is asked for twice is one job, and once more afterwards another; one that is cancelled leaves what served, and the next one is done', async () => {
    const { app, project } = await populating(shared());
    const before = await answersOf(project);
    const twice = '/api/admin/projections/projects/rebuild';
    const jobs = await Promise.all([1, 2, 3].map(() => app.root('POST', twice)));
    expect(new Set(jobs.map(({ body }) => body.jobId))).toEqual(new Set(['_system.rebuild-projects-1']));
    const path = '/api/admin/projections/leads/rebuild';
    const { jobId } = mustBe(await app.root('POST', path), 202).body;
    mustBe(await app.root('POST', `/api/admin/jobs/${jobId}/cancel`, { body: { reason: 'Not now' } }), 200, 409);
    await app.settled();
    expect(await answersOf(project)).toEqual(before);
    expect(mustBe(await app.root('POST', twice), 202).body).toEqual({ jobId: '_system.rebuild-projects-2' });
    expect((await ended(app, path)).status).toBe('completed');
    expect(await answersOf(project)).toEqual(before);
    expect(await healthOf(project)).toBe('healthy');
  }, 30_000);

  it('takes the root key, and a projection that there is', async () => {
    const app = shared();
    const project = await app.project();
    const wanted = { name: 'operator', scopes: ['admin'] };
    const path = `/api/projects/${project.projectId}/keys`;
    const { key } = mustBe(await app.root('POST', path, { body: wanted }), 201).body;
    const headers = { authorization: `Bearer ${key}` };
    const call = { method: 'POST', path: '/api/admin/projections/leads/rebuild', headers };
    expect((await app.transport(call)).status).toBe(403);
    expect((await app.root('POST', '/api/admin/projections/nothing/rebuild')).status).toBe(404);
  });
});
