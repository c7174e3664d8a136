import { expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import type { Answer, Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { operatorKey } from '../support/work-items.ts';

const app = appOfFile();

/** A project whose large deals somebody must approve, with one rep who takes them and all others. */
const sales = async (): Promise<Project> => {
  const made = await app().project();
  const path = `/api/projects/${made.projectId}`;
  const add = async (method: string, part: string, body: object) =>
    mustBe(await made.asRoot(method, `${path}/${part}`, { body }), 200, 201);
  await add('POST', 'teams', { teamId: 'sales', name: 'Sales' });
  await add('POST', 'reps', { repId: 'ada', name: 'Ada', teamIds: ['sales'], capacity: 50 });
  const large = { field: 'profile.dealValue', op: 'gte', value: 100_000 };
  const rule = { id: 'all', when: [], to: { teams: ['sales'] }, strategy: 'round-robin', approval: [large] };
  await add('PUT', 'routing-rules', { rules: [rule] });
  const key = await operatorKey(made, ['events:write', 'leads:read', 'leads:write']);
  return app().known(made.projectId, key, made.position());
};

const qualify = async (project: Project, userId: string, dealValue: number): Promise<string> => {
  const event = { eventType: 'contract_signed', userId, traits: { dealValue } };
  const { leadId } = mustBe(await project.send(event), 202).body;
  await app().settled();
  return leadId;
};

const post = (project: Project, { workId }: Json, verb: string, body: object, headers = {}): Promise<Answer> =>
  project.request('POST', `/api/work-items/${workId}/${verb}`, { headers, body });

const waitingFor = async (project: Project): Promise<readonly Json[]> =>
  project.all('/api/work-items?kind=approval_required&status=open');

it('A large deal waits for a yes, then goes on; a small one does not wait', async () => {
  const project = await sales();
  const [large, small] = [await qualify(project, 'large', 250_000), await qualify(project, 'small', 500)];
  expect((await project.get(`/api/leads/${small}`)).assignee).toBe('ada');
  expect(await project.get(`/api/leads/${large}`)).toMatchObject({ routing: 'approval' });
  const [item, ...others] = await waitingFor(project);
  expect({ leadId: item.leadId, others }).toEqual({ leadId: large, others: [] });

  // How large it is, is what the facts say.
  for (const body of [{ dealValue: 5 }, { value: 5 }, { details: {} }])
    expect((await post(project, item, 'approve', body)).status).toBe(400);
  mustBe(await post(project, item, 'claim', { by: 'mary' }), 200);
  const once = { 'idempotency-key': 'yes' };
  for (const _ of [1, 2, 3]) mustBe(await post(project, item, 'approve', { by: 'mary' }, once), 200);
  await app().settled();
  expect(await project.get(`/api/leads/${large}`)).toMatchObject({ routing: 'assigned', assignee: 'ada' });
  const events = (await project.all(`/api/leads/${large}/events?limit=200`)).filter(
    ({ type }) => type === 'ApprovalGiven',
  );
  expect(events.map(({ data }) => [data.by, data.workId])).toEqual([['mary', item.workId]]);
  expect(await waitingFor(project)).toEqual([]);
});

it('A no closes the lead, and says who said it and why', async () => {
  const project = await sales();
  const lead = await qualify(project, 'large', 250_000);
  const [item] = await waitingFor(project);
  mustBe(await post(project, item, 'reject', { by: 'mary', reason: 'Not this year' }), 200);
  await app().settled();
  expect(await project.get(`/api/leads/${lead}`)).toMatchObject({ routing: 'closed', outcome: 'disqualified' });
  expect(JSON.stringify(await project.get(`/api/leads/${lead}/events?limit=200`))).toContain('mary: Not this year');
});

it('Of a yes and a no at the same time one holds, and the lead follows it', async () => {
  const project = await sales();
  for (let round = 0; round < 5; round++) {
    const lead = await qualify(project, `large-${round}`, 250_000);
    const [item] = await waitingFor(project);
    const answers = await Promise.all([
      post(project, item, 'approve', { by: 'mary' }),
      post(project, item, 'reject', { by: 'joan', reason: 'No' }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await app().settled();
    const { routing } = await project.get(`/api/leads/${lead}`);
    expect(routing).toBe(answers[0].status === 200 ? 'assigned' : 'closed');
  }
});
