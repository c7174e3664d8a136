import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import { streamPages } from '../../src/eventstore/page.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { rebuildLead } from '../../src/jobs/rebuild-lead.ts';
import { projections } from '../../src/projections/index.ts';
import type { AnyProjection } from '../../src/projections/projection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openLog } from '../support/engine.ts';
import {
  activityRecorded,
  leadAssigned,
  leadCaptured,
  leadClosed,
  leadId,
  leadQualified,
  leadScored,
  projectId,
} from '../support/facts.ts';

const stream = `lead-${projectId}.${leadId}`;
const facts = [leadCaptured(), activityRecorded(), leadScored(), leadQualified(), leadAssigned(), leadClosed()];

const openScene = async () => {
  const [store, readModels] = [openLog(), openSqliteReadModels(':memory:')];
  const projecting = await runProjections({ store, readModels, now: () => new Date() });
  onTestFinished(async () => {
    await projecting.stop();
    await readModels.close();
    await store.close();
  });
  const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
  await store.append(
    stream,
    -1,
    facts.map((fact, at) => ({ ...fact, id: `fact-${at}`, metadata })),
  );
  await projecting.reached(await store.head());
  const rebuilding = {
    pages: (of: string, after: number) =>
      streamPages(store, of, after) as AsyncIterable<readonly Recorded<LeadEvent>[]>,
    readModels,
    reached: (position: number) => projecting.reached(position),
    head: () => store.head(),
  };
  const keysIn = async ({ ofLead }: AnyProjection) =>
    (await ofLead?.(readModels, { projectId, leadId }, () => Promise.resolve())) ?? [];
  const load = async (projection: AnyProjection) =>
    readModels.load({ ...projection, document: z.any() }, await keysIn(projection));
  return { readModels, rebuilding, load };
};

it('Whatever is of a lead is made again with it, and nothing else', async () => {
  const { readModels, rebuilding, load } = await openScene();
  const ofLead = projections.filter((each) => each.ofLead);
  const before = new Map<string, Awaited<ReturnType<typeof load>>>();
  for (const projection of ofLead) {
    const documents = await load(projection);
    before.set(projection.name, documents);
    const damaged = documents.map(({ doc, ...each }) => ({
      ...each,
      doc: { ...doc, score: -1 },
      replaces: each.position,
    }));
    expect(await readModels.replace({ ...projection, document: z.any() }, damaged)).toBe(true);
  }
  const sizes = Object.fromEntries([...before].map(([name, documents]) => [name, documents.length]));
  expect(sizes).toEqual({ leads: 1, 'merged-leads': 0, history: 1, 'routed-leads': 1, routings: 3 });

  expect(await rebuildLead(rebuilding, projectId, leadId)).toMatchObject({ events: facts.length, identical: false });
  for (const projection of ofLead) expect(await load(projection)).toEqual(before.get(projection.name));
  expect(await rebuildLead(rebuilding, projectId, leadId)).toMatchObject({ identical: true });
});
