import { expect, it } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { openTestApp } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { dieCapturing } from '../support/dying-process.ts';

// Each is the last append of a process that is killed there: the next one goes on. tests/flows/routing-interrupted.test.ts
// has every append on the way be the last, of more stories than this one.
const cuts = [
  { there: true, type: 'LeadPlaced' },
  { there: false, type: 'LeadHeld' },
];

/** A project with one rep, who is there or not. */
const staffed = async (app: TestApp, there: boolean): Promise<Project> => {
  const project = await app.project();
  const { projectId } = project;
  const path = `/api/projects/${projectId}`;
  mustBe(await project.asRoot('POST', `${path}/teams`, { body: { teamId: 'sales', name: 'Sales' } }), 201);
  const rep = { repId: 'ada', name: 'Ada', teamIds: ['sales'], status: there ? 'active' : 'away' };
  mustBe(await project.asRoot('POST', `${path}/reps`, { body: rep }), 201);
  mustBe(await project.asRoot('PUT', `${path}/routing-rules`, { body: { rules: [], defaultTeam: 'sales' } }), 200);
  return project;
};

const expectRouted = async (project: Project, there: boolean): Promise<void> => {
  const { leadId } = await project.get('/api/leads/lookup?userId=grace');
  const { status, repId, workIds, history } = await project.get(`/api/leads/${leadId}/routing`);
  const told = history.filter(({ type: fact }: Json) => ['LeadAssigned', 'RoutingFailed'].includes(fact));
  expect([status, repId, told.length]).toEqual(there ? ['assigned', 'ada', 1] : ['waiting', undefined, 1]);
  const { data: open } = await project.get('/api/work-items?status=open');
  expect(open.map(({ workId }: Json) => workId)).toEqual(workIds);
  expect(workIds).toHaveLength(there ? 0 : 1);
};

it('A lead is routed, whether or not somebody is there, though the process that does it is killed on the way', async () => {
  await using app = await openTestApp();
  const now = app.clock.now().toISOString();
  const times = { occurredAt: now, receivedAt: now };
  for (const { there, type } of cuts) {
    const project = await staffed(app, there);
    await app.restart((dataDir) =>
      dieCapturing({
        dataDir,
        projectId: project.projectId,
        reacts: true,
        dieAfter: { type, times: 1 },
        identifiers: [{ kind: 'userId', value: 'grace' }],
        activity: { eventId: 'deal', eventType: 'contract_signed', ...times, properties: {}, source: 'api' },
      }),
    );
    await app.settled();
    await expectRouted(project, there);
  }
  const health = mustBe(await app.root('GET', '/api/admin/system-health'), 200).body;
  expect(health.invariants.filter(({ violations }: Json) => violations > 0)).toEqual([]);
});
