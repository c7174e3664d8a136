import { describe, expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import type { Answer, Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { startServer } from '../support/server-process.ts';

const app = appOfFile();

const modelWith = (points: number) => ({ engagement: [{ id: 'came', when: { eventType: 'signup' }, points }] });
const put = (project: Project, points: number, headers = {}): Promise<Answer> =>
  project.asRoot('PUT', `/api/projects/${project.projectId}/scoring-model`, { body: modelWith(points), headers });
const publish = async (project: Project, points: number): Promise<Json> => mustBe(await put(project, points), 200).body;

const jobOf = async (project: Project, jobId: string): Promise<Json> => {
  const headers = { 'leadfold-after-position': String(project.position()) };
  return mustBe(await project.asRoot('GET', `/api/admin/jobs/${jobId}`, { headers }), 200, 404).body;
};

const signUp = async (project: Project, count: number): Promise<void> => {
  const events = Array.from({ length: count }, (_, at) => ({ userId: `user-${at}`, eventType: 'signup' }));
  expect((await project.batch(events)).body).toMatchObject({ accepted: count });
};

const factsOf = (project: Project, leadId: string, type: string): Promise<readonly Json[]> =>
  project.all(`/api/leads/${leadId}/events?limit=200`).then((facts) => facts.filter((each) => each.type === type));

describe('A new scoring model', () => {
  it('scores every lead again, quietly, and its job says when that is done', async () => {
    const project = await app().project();
    await signUp(project, 7);
    await project.send({ userId: 'viewer', eventType: 'page_view' });
    const { version, jobId } = await publish(project, 70);
    expect({ version, jobId }).toEqual({ version: 2, jobId: `${project.projectId}.rescore-2` });
    await app().settled();
    expect(await jobOf(project, jobId)).toMatchObject({
      jobId,
      kind: 'rescore',
      version: 2,
      status: 'completed',
      done: 8,
      total: 8,
      progress: 1,
    });
    const leads = await project.all('/api/leads');
    expect(leads.map(({ score, stage }) => [score, stage])).toEqual([...Array(7).fill([70, 'qualified']), [0, 'cold']]);
    for (const { leadId, score } of leads) {
      const last = (await factsOf(project, leadId, 'LeadScored')).at(-1)?.data;
      const delta = score === 70 ? 40 : -5;
      expect(last).toMatchObject({ score, delta, cause: 'model', model: 2 });
      const qualified = await factsOf(project, leadId, 'LeadQualified');
      expect(qualified.map(({ data }) => [data.quiet, data.cause, data.count])).toEqual(
        score === 70 ? [[true, 'model', 1]] : [],
      );
      expect((await project.get(`/api/leads/${leadId}/score`)).score).toBe(score);
    }
    const { stages, qualified, totals } = await project.get('/api/analytics/dashboard');
    expect({
      stagesQualified: stages.qualified,
      cold: stages.cold,
      qualified,
      qualifications: totals.qualifications,
    }).toEqual({ stagesQualified: 7, cold: 1, qualified: 7, qualifications: 7 });
  });

  it('qualifies loudly when it is an activity that crosses the threshold afterwards', async () => {
    const project = await app().project();
    await signUp(project, 1);
    await publish(project, 35);
    await app().settled();
    await project.send({ userId: 'user-0', eventType: 'signup' });
    const [{ leadId }] = await project.all('/api/leads');
    const qualified = await factsOf(project, leadId, 'LeadQualified');
    expect(qualified.map(({ data }) => data)).toMatchObject([{ quiet: false, cause: 'activity', score: 70, count: 1 }]);
  });

  it('takes the place of one that was published just before: both jobs end, and the last one counts', async () => {
    const project = await app().project();
    await signUp(project, 100);
    const jobs = [await publish(project, 40), await publish(project, 50), await publish(project, 64)];
    await project.send({ userId: 'later', eventType: 'signup' });
    await app().settled();
    for (const { jobId } of jobs) expect(await jobOf(project, jobId)).toMatchObject({ status: 'completed' });
    expect(await jobOf(project, jobs.at(-1).jobId)).toMatchObject({ progress: 1 });
    const leads = await project.all('/api/leads?limit=200');
    expect(leads).toHaveLength(101);
    expect([...new Set(leads.map(({ score, stage }) => `${score} ${stage}`))]).toEqual(['64 qualified']);
  });

  it('changes nothing when it is in force already', async () => {
    const project = await app().project();
    await signUp(project, 2);
    await publish(project, 40);
    await app().settled();
    const head = await app().head();
    expect(await publish(project, 40)).toEqual({ version: 2 });
    await app().settled();
    expect(await app().head()).toBe(head);
  });

  it('is refused to all but one of those who made it from the same version at once', async () => {
    const project = await app().project();
    const path = `/api/projects/${project.projectId}/scoring-model`;
    const { etag = '' } = (await project.read(path)).headers;
    const answers = await Promise.all([1, 2, 3, 4].map((points) => put(project, points, { 'if-match': etag })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    const { version, engagement } = await project.get(path);
    const winner = answers.findIndex(({ status }) => status === 200) + 1;
    expect({ version, points: engagement[0].points }).toEqual({ version: 2, points: winner });
    const stale = answers.find(({ status }) => status === 412);
    expect(stale?.body).toMatchObject({ code: 'stale-revision' });
  });
});

it('Re-scoring that is cut off by a crash goes on after it and ends, each lead once', async () => {
  await using server = await startServer();
  const project = await server.project();
  const count = 400;
  await signUp(project, count);
  let [points, jobId] = [40, ''];
  // A fast machine may be done before the crash; then another model is published, and again.
  for (let cut = false; !cut; points += 1) {
    ({ jobId } = await publish(project, points));
    let job = await jobOf(project, jobId);
    while (!(job.done > 0)) job = await jobOf(project, jobId);
    await server.kill();
    cut = job.status === 'running';
    await server.start();
  }
  await server.settled();
  expect(await jobOf(project, jobId)).toMatchObject({ status: 'completed', done: count, total: count });
  const leads = await project.all('/api/leads?limit=200');
  expect(new Set(leads.map(({ score }) => score))).toEqual(new Set([points - 1]));
  expect(leads).toHaveLength(count);
  for (const { leadId } of leads.slice(0, 10)) {
    const scored = (await factsOf(project, leadId, 'LeadScored')).filter(({ data }) => data.score === points - 1);
    expect(scored).toHaveLength(1);
  }
});
