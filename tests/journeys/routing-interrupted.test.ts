import { expect, it } from 'vitest';
import { openTestApp } from '../support/app.ts';
import type { Json } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { dieCapturing } from '../support/dying-process.ts';

// Each is the last append of a process that is killed there: the next one goes on. tests/flows/routing-interrupted.test.ts
// has every append on the way be the last, of more stories than this one.
it.each([
  [true, 'LeadPlaced'],
  [false, 'LeadHeld'],
])('A lead is routed, somebody there: %s, though the process that does it is killed after %s', async (there, type) => {
  await using app = await openTestApp();
  const project = await app.project();
  const { projectId } = project;
  const path = `/api/projects/${projectId}`;
  mustBe(await project.asRoot('POST', `${path}/teams`, { body: { teamId: 'sales', name: 'Sales' } }), 201);
  const rep = { repId: 'ada', name: 'Ada', teamIds: ['sales'], status: there ? 'active' : 'away' };
  mustBe(await project.asRoot('POST', `${path}/reps`, { body: rep }), 201);
  mustBe(await project.asRoot('PUT', `${path}/routing-rules`, { body: { rules: [], defaultTeam: 'sales' } }), 200);
  const now = app.clock.now().toISOString();
  const times = { occurredAt: now, receivedAt: now };
  await app.restart((dataDir) =>
    dieCapturing({
      dataDir,
      projectId,
      reacts: true,
      dieAfter: { type, times: 1 },
      identifiers: [{ kind: 'userId', value: 'grace' }],
      activity: { eventId: 'deal', eventType: 'contract_signed', ...times, properties: {}, source: 'api' },
    }),
  );
  await app.settled();
  const { leadId } = await project.get('/api/leads/lookup?userId=grace');
  const { status, repId, workIds, history } = await project.get(`/api/leads/${leadId}/routing`);
  const told = history.filter(({ type: fact }: Json) => ['LeadAssigned', 'RoutingFailed'].includes(fact));
  expect([status, repId, told.length]).toEqual(there ? ['assigned', 'ada', 1] : ['waiting', undefined, 1]);
  const { data: open } = await project.get('/api/work-items?status=open');
  expect(open.map(({ workId }: Json) => workId)).toEqual(workIds);
  expect(workIds).toHaveLength(there ? 0 : 1);
  const health = mustBe(await project.asRoot('GET', '/api/admin/system-health'), 200).body;
  expect(health.invariants.filter(({ violations }: Json) => violations > 0)).toEqual([]);
});
