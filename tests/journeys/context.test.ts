import { expect, it } from 'vitest';
import { appOfFile } from '../support/app.ts';
import { mustBe } from '../support/client.ts';

const app = appOfFile();

it('A campaign scores, routes and shows in the timeline, also after the lead was merged', async () => {
  const project = await app().project();
  const base = `/api/projects/${project.projectId}`;
  const asked = (method: string, path: string, body: object) => project.asRoot(method, `${base}${path}`, { body });
  const isNewsletter = { op: 'eq', value: 'newsletter' };
  const where = [{ property: 'context.campaign.source', ...isNewsletter }];
  const engagement = [{ id: 'letter', when: { eventType: 'demo_requested', where }, points: 70 }];
  mustBe(await asked('PUT', '/scoring-model', { engagement }), 200);
  mustBe(await asked('POST', '/teams', { teamId: 'sales', name: 'Sales' }), 201);
  for (const repId of ['ada', 'grace']) {
    mustBe(await asked('POST', '/reps', { repId, name: repId, teamIds: ['sales'] }), 201);
  }
  const when = [{ field: 'context.campaign.source', ...isNewsletter }];
  const rules = [
    { id: 'letters', when, to: { reps: ['grace'] } },
    { id: 'others', to: { reps: ['ada'] } },
  ];
  mustBe(await asked('PUT', '/routing-rules', { rules }), 200);

  const context = { campaign: { source: 'newsletter' }, locale: 'de-AT', device: { id: 'not kept' } };
  const call = { event: 'Demo Requested', messageId: 'm-1', anonymousId: 'a', context };
  const sent = mustBe(await project.request('POST', '/v1/track', { body: call }), 200);
  const [{ leadId }] = sent.body.results;
  await app().settled();
  expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 70, assignee: 'grace' });

  const older = mustBe(await project.send({ userId: 'u', eventType: 'seen' }), 202).body.leadId;
  mustBe(await project.request('POST', '/v1/alias', { body: { userId: 'u', previousId: 'a' } }), 200);
  await app().settled();
  const { data } = await project.get(`/api/leads/${older}/timeline`);
  expect(data.find(({ eventId }: { eventId: string }) => eventId === 'm-1')).toMatchObject({
    context: { campaign: { source: 'newsletter' }, locale: 'de-AT' },
    delta: 70,
  });
  expect(data.filter((entry: object) => 'context' in entry)).toHaveLength(1);
});
