import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished } from 'vitest';
import { deliveryEvents } from '../../src/domain/deliveries/delivery.ts';
import { endpointEvents } from '../../src/domain/deliveries/endpoints.ts';
import { jobEvents } from '../../src/domain/jobs/job.ts';
import { keyedRequestEvents } from '../../src/domain/lead/keyed-request.ts';
import { leadEvents } from '../../src/domain/lead/lead-events.ts';
import { deadLetterEvents } from '../../src/domain/jobs/dead-letter.ts';
import { poolEvents } from '../../src/domain/routing/pool.ts';
import { addressEvents } from '../../src/domain/people/address-events.ts';
import { personEvents } from '../../src/domain/people/person.ts';
import { sessionEvents } from '../../src/domain/people/session.ts';
import { memberEvents } from '../../src/domain/projects/members.ts';
import { projectEvents } from '../../src/domain/projects/project.ts';
import { rosterEvents } from '../../src/domain/routing/roster-events.ts';
import { receiptEvents } from '../../src/domain/sources/receipt.ts';
import { rejectEvents } from '../../src/domain/sources/reject.ts';
import { sourceEvents } from '../../src/domain/sources/sources.ts';
import { workItemEvents } from '../../src/domain/work/work-item.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { projections } from '../../src/projections/index.ts';
import type { AnyProjection } from '../../src/projections/projection.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';

const fixtures = new URL('../fixtures/', import.meta.url);
const stored = (file: string): unknown => JSON.parse(readFileSync(new URL(file, fixtures), 'utf8'));

// What came later is at the end, so that what was before it stays as it was.
const { KeyRotated, KeySecretRemoved, ...allButRotation } = projectEvents;
const firstOfProjects = Object.fromEntries(Object.entries(allButRotation).filter(([type]) => !(type in memberEvents)));

/** A stream of each aggregate, and the types of its facts. */
const streams = [
  ['project-shop', firstOfProjects],
  ['lead-shop.5d0c1f5e-7b0a-5f0e-9c55-0d1a6f6c2b1e', leadEvents],
  ['job-shop.job-1', jobEvents],
  ['parked-route-leads.event-1', deadLetterEvents],
  ['roster-shop', rosterEvents],
  ['pool-shop', poolEvents],
  ['work-shop.work-1', workItemEvents],
  ['request-shop.6d1e4c0a-2f3b-5a7c-8e9d-0b1a2c3d4e5f', keyedRequestEvents],
  ['endpoints-shop', endpointEvents],
  ['delivery-shop.c6e1f4a9-82d7-5b30-a5f1-0d9c3b7e8a24', deliveryEvents],
  ['sources-shop', sourceEvents],
  ['receipt-shop.3a0c9e51-6d2b-5f47-8e1a-b4c7d9f20a63', receiptEvents],
  ['reject-shop.5f1d2c3b-4a59-5687-9e8d-7c6b5a493827', rejectEvents],
  ['project-mall', { KeyRotated, KeySecretRemoved }],
  ['person-019c0f6e-8a4b-7c2d-9e1f-3a5b7c9d1e2f', personEvents],
  ['address-5d0c1f5e-7b0a-5f0e-9c55-0d1a6f6c2b1e', addressEvents],
  ['session-019c0f6e-8a4b-7000-8e1f-3a5b7c9d1e32', sessionEvents],
  ['project-park', memberEvents],
] as const;

const beginnings = [
  'LeadCaptured',
  'ProjectCreated',
  'JobRequested',
  'WorkItemOpened',
  'SourceAdded',
  'RejectKept',
  'EndpointAdded',
  'DeliveryRequested',
  'AddressTaken',
  'MailRequested',
];
const ends = ['LeadMerged', 'RejectDropped', 'EndpointRemoved', 'DeliveryForgotten'];
const rank = (type: string): number => Number(ends.includes(type)) - Number(beginnings.includes(type));

/** Each kind of fact in its stream, as it was stored: first what begins it, last what ends it, and in between all once more. */
const facts = streams.flatMap(([stream, schemas]) => {
  const types = Object.keys(schemas).toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const more = types.filter((type) => rank(type) === 0);
  const order = [...types.filter((type) => rank(type) < 1), ...more, ...types.filter((type) => rank(type) > 0)];
  return order.map((type, revision) => ({ stream, type, revision, data: stored(`events/${type}.v1.json`) }));
});

const log: readonly Recorded[] = facts.map((fact, index) => ({
  ...fact,
  id: `event-${index}`,
  position: index + 1,
  recordedAt: new Date(Date.UTC(2026, 2, 1) + index * 60_000),
  metadata: { commandId: `command-${index}`, correlationId: 'correlation-1', causationId: `command-${index}` },
}));

/** The documents that a projection makes, as they are after each of its facts, which it sees twice. */
const documentsOf = async (projection: AnyProjection) => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-versions-'));
  const readModels = openSqliteReadModels(join(folder, 'read-models.db'));
  const db = new DatabaseSync(join(folder, 'read-models.db'));
  onTestFinished(async () => {
    db.close();
    await readModels.close();
    rmSync(folder, { recursive: true });
  });
  await readModels.prepare([projection]);
  const { streams: beginning = [''], types } = projection.filter;
  const project = projection.project(readModels);
  const derive = projection.derive?.({ read: async () => ({ events: [], more: false }) }, readModels);
  const rows = db.prepare(`SELECT project, id, doc FROM "docs.${projection.name}" ORDER BY project, id`);
  const seen: ReturnType<typeof rows.all>[] = [];
  for (const event of log) {
    if (!beginning.some((each) => event.stream.startsWith(each)) || types?.includes(event.type) === false) continue;
    for (const events of [[event], [event]]) {
      const batch = { events, position: event.position };
      await project(derive ? await derive.from(batch) : batch);
    }
    seen.push(rows.all());
  }
  return seen;
};

const digestOf = (documents: unknown): string => createHash('sha256').update(JSON.stringify(documents)).digest('hex');

it.each(projections.map((projection) => [`${projection.name} v${projection.version}`, projection] as const))(
  'Each version of a projection makes the same documents for ever: %s',
  async (name, projection) => {
    const kept = stored('documents.json') as Readonly<Record<string, string>>;
    // Where they differ, raise the version of the projection, so that those of running systems are made again, and keep this.
    expect({ [name]: digestOf(await documentsOf(projection)) }).toEqual({ [name]: kept[name] });
  },
);

it('Something of each kind that can be seen is made of the facts that are kept', async () => {
  const unseen: string[] = [];
  for (const projection of projections) {
    const documents = (await documentsOf(projection)).flat();
    if (documents.every(({ doc }) => doc === null)) unseen.push(projection.name);
  }
  expect(unseen).toEqual([]);
});
