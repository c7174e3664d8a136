import { existsSync, globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, vi } from 'vitest';
import { answersOf, numbersFrom, withoutAge } from '../support/answers.ts';
import { openTestApp, tickingClock } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

const deleteReadModels = (dataDir: string): void => {
  for (const file of globSync('read-models.db*', { cwd: dataDir })) rmSync(join(dataDir, file));
};

it('Read models that were deleted are made again at the next start, can be waited for at once, and answer as before', async () => {
  await using app = await openTestApp({ clock: tickingClock() });
  const [project, other] = [await app.project(), await app.project('Other')];
  const below = numbersFrom(6);
  const types = ['page_view', 'signup', 'demo_request', 'unsubscribe', 'unheard'];
  const events = Array.from({ length: 80 }, (_, at) => {
    const n = below(20);
    const who = [{ userId: `u${n}` }, { anonymousId: `a${n}` }, { userId: `u${n}`, anonymousId: `a${n}` }][below(3)];
    return { ...who, eventId: `e${at}`, eventType: types[below(5)], traits: { size: below(3), city: `City ${n}` } };
  });
  await project.batch(events.slice(0, 50));
  const model = {
    engagement: types.map((eventType, at) => ({ id: eventType, when: { eventType }, points: 4 * at })),
    fit: [{ id: 'size', when: { trait: 'size', op: 'gte', value: 1 }, points: 20.5 }],
  };
  const path = `/api/projects/${project.projectId}/scoring-model`;
  const { jobId } = mustBe(await project.asRoot('PUT', path, { body: model }), 200).body;
  for (const event of events.slice(50)) mustBe(await project.send(event), 202);
  await other.send({ userId: 'u1', eventType: 'signup' });
  await app.settled();

  const asked = async (): Promise<Json> => ({
    mine: await answersOf(project),
    theirs: await answersOf(other),
    job: (await project.asRoot('GET', `/api/admin/jobs/${jobId}`)).body,
    projects: withoutAge((await app.root('GET', '/api/projects')).body),
    found: await project.all('/api/leads?q=city&stage=qualified'),
  });
  const [before, head] = [await asked(), await app.head()];
  expect(before.mine.dashboard.totals.merged).toBeGreaterThan(1);
  expect(before.mine.leads.length).toBeGreaterThan(12);
  expect(before.job).toMatchObject({ status: 'completed' });
  expect(before.found.length).toBeGreaterThan(0);

  await app.restart(deleteReadModels);
  expect(await project.all('/api/leads?limit=200&sort=-score')).toEqual(before.mine.leads);
  await app.settled();
  expect(await asked()).toEqual(before);
  // Reading everything again makes nothing happen again.
  expect(await app.head()).toBe(head);
});

it('Read models that are deleted while the app runs, or their main file alone, are made again, and nothing is refused meanwhile', async () => {
  await using app = await openTestApp({ clock: tickingClock() });
  const project = await app.project();
  const signups = Array.from({ length: 12 }, (_, at) => ({
    userId: `u${at}`,
    eventType: 'signup',
    eventId: `e${at}`,
  }));
  await project.batch(signups);
  await app.settled();
  for (const [at, files] of ['read-models.db*', 'read-models.db'].entries()) {
    const before = await answersOf(project);
    for (const file of globSync(files, { cwd: app.dataDir })) rmSync(join(app.dataDir, file));
    mustBe(await project.send({ userId: 'u7', eventType: 'page_view', eventId: `meanwhile-${at}` }), 202);
    await vi.waitFor(() => expect(existsSync(join(app.dataDir, 'read-models.db'))).toBe(true), { timeout: 10_000 });
    await app.settled();

    const after = await answersOf(project);
    expect(after.timelines.flat()).toHaveLength(13 + at);
    const others = (all: readonly Json[]) => all.filter(({ score }) => score === 30).map(({ leadId }) => leadId);
    expect(others(after.leads)).toEqual(others(before.leads).filter((leadId) => after.leads[0].leadId !== leadId));
  }
  // They answer the same again when they are made once more: nothing of what was deleted is left in them.
  const after = await answersOf(project);
  await app.restart(deleteReadModels);
  await app.settled();
  expect(await answersOf(project)).toEqual(after);
});

it('Documents that an older version made are made again after the start, once, and answer as they should', async () => {
  await using app = await openTestApp({ clock: tickingClock() });
  const project = await app.project();
  await project.batch(Array.from({ length: 12 }, (_, at) => ({ userId: `u${at}`, eventType: 'signup' })));
  await app.settled();
  const before = await answersOf(project);
  // As a version would leave them that knew nothing of routing, and said of nothing by which version it is.
  await app.restart((dataDir) => {
    const db = new DatabaseSync(join(dataDir, 'read-models.db'));
    db.exec(`UPDATE "docs.leads" SET doc = json_remove(doc, '$.routing', '$.decision'), "$.score" = 1;
      UPDATE "docs.leads" SET doc = json_set(doc, '$.score', 1);
      DELETE FROM checkpoints WHERE name = 'version:leads'`);
    db.close();
  });
  const jobs = async (): Promise<Json> => mustBe(await app.root('GET', '/api/admin/jobs'), 200).body.data;
  await app.settled();
  expect(await answersOf(project)).toEqual(before);
  const done = await jobs();
  expect(done).toMatchObject([{ kind: 'rebuild-projection', status: 'completed', details: { projection: 'leads' } }]);
  await app.restart();
  await app.settled();
  expect(await jobs()).toEqual(done);
});
