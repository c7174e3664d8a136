import { expect, it } from 'vitest';
import { as, asRoot, boot, newKey, newProject } from '../support.ts';

it('Where readers of the log are, how fast, and why one is stalled is told to the root key, and not to the keys of projects', async () => {
  const stalled = {
    name: 'leads',
    position: 4,
    state: 'stalled' as const,
    attempts: 2,
    rate: 0,
    projection: true,
    error: 'Lead 7 of project zeppelin is broken',
    since: new Date('2026-03-01T11:59:00.000Z'),
  };
  await using served = await boot(() => ({ subscriptions: () => Promise.resolve([stalled]) }));
  const { projectId } = await newProject(served);
  const { key } = await newKey(served, projectId, ['admin']);
  const url = '/api/admin/projections';
  const named = { ...asRoot, 'x-project-id': projectId };
  const told = await served.app.inject({ url, headers: named });
  const { name, state, position, rate, error } = stalled;
  const said = { name, state, position, lag: 0, lagSeconds: 0, rate, error };
  expect(told.json().data).toEqual([said]);
  const own = [{ name, state, lagSeconds: 0 }];
  expect((await served.app.inject({ url, headers: as(key) })).json().data).toEqual(own);
  const stats = await served.app.inject({ url: '/api/admin/queue-stats', headers: as(key) });
  expect(stats.json().subscriptions).toEqual(own);
});
