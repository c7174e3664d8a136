import { expect, it } from 'vitest';
import { openTestApp } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { salesOf } from '../support/sales.ts';

it('Leads that a new model qualified are found, routed one by one or all at once, and nobody else is', async () => {
  await using app = await openTestApp();
  const sales = await salesOf(app);
  const { project, path } = sales;
  await sales.team('sales');
  await sales.rep('ann', { capacity: 2 });
  const people = ['u1', 'u2', 'u3', 'u4'];
  for (const userId of people) mustBe(await project.send({ userId, eventType: 'signup' }), 202);
  mustBe(await project.send({ userId: 'viewer', eventType: 'page_view' }), 202);
  const model = { engagement: [{ id: 'came', when: { eventType: 'signup' }, points: 70 }] };
  mustBe(await sales.ask('PUT', `${path}/scoring-model`, model), 200);
  await app.settled();

  const stuck = () => project.all('/api/leads?routing=none&qualified=true&sort=firstSeenAt');
  const found = await stuck();
  expect(found.map(({ identifiers }: Json) => identifiers[0].value).toSorted()).toEqual(people);
  const [first, won] = [found[0].leadId, found[1].leadId];
  expect(mustBe(await sales.act(first, 'assign', { repId: null }), 409).body.detail).toContain('/route');

  // One by one: twice is once, and one that is closed has to be reopened.
  expect(mustBe(await sales.act(first, 'route', { reason: 'Call them' }), 200).body).toMatchObject({ repId: 'ann' });
  expect(mustBe(await sales.act(first, 'route'), 200).body).toMatchObject({ status: 'assigned', repId: 'ann' });
  expect(await sales.factsOf(first)).toEqual(['RoutingRequested', 'LeadAssigned', 'ResponseDue']);
  mustBe(await sales.act(won, 'close', { outcome: 'won' }), 200);
  expect(mustBe(await sales.act(won, 'route'), 409).body.code).toBe('lead-closed');

  // All: a dry run says how many, and changes nothing.
  const all = `${path}/route-qualified`;
  expect(mustBe(await sales.post(all), 200).body).toEqual({ dryRun: true, leads: 2, room: 1 });
  expect(await stuck()).toHaveLength(2);
  const { jobId } = mustBe(await sales.post(all, { dryRun: false }), 202).body;
  await app.settled();
  const job = mustBe(await project.asRoot('GET', `/api/admin/jobs/${jobId}`), 200).body;
  expect(job).toMatchObject({ kind: 'route-qualified', status: 'completed', done: 2, result: { leads: 2 } });
  expect(await stuck()).toEqual([]);
  const states = await project.all('/api/leads?limit=100');
  expect(states.map(({ routing }: Json) => routing).toSorted()).toEqual([
    ...['assigned', 'assigned', 'closed', 'none', 'waiting'],
  ]);
  expect(mustBe(await sales.post(all), 200).body).toEqual({ dryRun: true, leads: 0, room: 0 });

  const other = await salesOf(app, 'Other');
  expect((await other.act(first, 'route')).status).toBe(404);
});

it('The history of a lead has the decisions about those that were merged into it', async () => {
  await using app = await openTestApp();
  const sales = await salesOf(app);
  await sales.team('sales');
  await sales.rep('ann');
  const older = mustBe(await sales.project.send({ userId: 'older', eventType: 'page_view' }), 202).body.leadId;
  app.clock.forward(1_000);
  const younger = await sales.qualify({ anonymousId: 'younger' });
  mustBe(await sales.act(younger, 'close', { outcome: 'won', value: 900 }), 200);
  mustBe(await sales.project.send({ userId: 'older', anonymousId: 'younger', eventType: 'page_view' }), 202);
  await app.settled();
  const { leadId, status, outcome, history } = await sales.routing(younger);
  expect({ leadId, status, outcome }).toEqual({ leadId: older, status: 'closed', outcome: 'won' });
  expect(history.map((entry: Json) => [entry.leadId, entry.type])).toEqual([
    [older, 'LeadClosed'],
    ...['LeadClosed', 'ResponseDue', 'LeadAssigned', 'LeadQualified'].map((type) => [younger, type]),
  ]);
  // A page ends where the next begins, whichever lead that is about.
  const page = await sales.project.get(`/api/leads/${older}/routing?limit=2`);
  const next = await sales.project.get(`/api/leads/${older}/routing?limit=3&cursor=${page.nextCursor}`);
  expect([...page.history, ...next.history]).toEqual(history);
});
