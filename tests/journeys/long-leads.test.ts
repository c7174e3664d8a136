import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { snapshotCollection } from '../../src/engine/snapshots.ts';
import { openDocumentReader } from '../../src/readmodels/open.ts';
import { openTestApp } from '../support/app.ts';
import { exposed } from '../support/metrics.ts';

it('A lead that went on for long is taken up from its snapshot after a restart, and from its facts when it is rebuilt', async () => {
  await using app = await openTestApp();
  const project = await app.project();
  const many = (round: number) =>
    Array.from({ length: 500 }, (_, index) => ({
      anonymousId: 'ada',
      eventType: 'page_view',
      eventId: `e${round}-${index}`,
      occurredAt: '2026-03-10T11:00:00.000Z',
    }));
  for (let round = 0; round < 11; round++) expect((await project.batch(many(round))).status).toBe(200);

  const reader = await openDocumentReader({ scheme: 'sqlite', path: join(app.dataDir, 'read-models.db') });
  await vi.waitFor(async () => expect(await reader.size(snapshotCollection.name)).toBe(1), 5_000);
  await reader.close();

  const lookups = async (outcome: string) =>
    exposed((await app.root('GET', '/metrics')).text).valueOf('leadfold_snapshot_lookups_total', { outcome });
  await app.restart();
  const again = await project.batch(many(3));
  expect(again.body).toMatchObject({ accepted: 0, duplicates: 500 });
  expect([await lookups('found'), await lookups('none')]).toEqual([1, 0]);

  const [{ leadId }] = (await project.get('/api/leads')).data;
  expect((await project.asRoot('POST', `/api/admin/rebuild/${leadId}`)).body).toMatchObject({ identical: true });
  expect((await project.send({ anonymousId: 'ada', eventType: 'signup' })).status).toBe(202);
  expect([await lookups('found'), await lookups('none')]).toEqual([1, 1]);
});
