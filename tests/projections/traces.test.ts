import { expect, it } from 'vitest';
import type { Event } from '../../src/domain/event.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { project } from '../../src/projections/projection.ts';
import { allProjects } from '../../src/projections/projects.ts';
import { projectOfStream } from '../../src/domain/streams.ts';
import { leadTraces, otherTraces, traceId } from '../../src/projections/traces.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { activityRecorded, jobRequested, leadCaptured, leadScored } from '../support/facts.ts';

const recorded = (event: Event, stream: string, [position, revision]: readonly number[], id: string): Recorded => ({
  ...event,
  id: `event-${position}`,
  stream,
  revision: revision ?? 0,
  position: position ?? 0,
  recordedAt: new Date(0),
  metadata: { commandId: 'c', correlationId: id, causationId: 'c' },
});

const log = [
  recorded(leadCaptured(), 'lead-acme.l1', [1, 0], 'r1'),
  recorded(activityRecorded(), 'lead-acme.l1', [2, 1], 'r1'),
  recorded(leadCaptured(), 'lead-acme.l2', [3, 0], 'r1'),
  recorded(leadScored(), 'lead-acme.l1', [4, 2], 'r2'),
  recorded(activityRecorded(), 'lead-acme.l1', [9, 3], 'r1'),
];

it('says where the facts of a request are in each stream, also when they come twice', async () => {
  const readModels = openSqliteReadModels(':memory:');
  await readModels.prepare([leadTraces]);
  for (const _ of ['once', 'again']) {
    await project(leadTraces, readModels)({ events: log.slice(0, 3), position: 3 });
    await project(leadTraces, readModels)({ events: log, position: 9 });
  }
  const get = (id: string, stream: string) => readModels.get(allProjects, leadTraces, traceId(id, stream));
  const [l1, l2] = ['lead-acme.l1', 'lead-acme.l2'];
  expect(await get('r1', l1)).toEqual({
    correlationId: 'r1',
    stream: l1,
    first: 0,
    last: 3,
    from: 1,
    to: 9,
    facts: 3,
  });
  expect(await get('r1', l2)).toEqual({
    correlationId: 'r1',
    stream: l2,
    first: 0,
    last: 0,
    from: 3,
    to: 3,
    facts: 1,
  });
  expect(await get('r2', l1)).toMatchObject({ first: 2, last: 2, facts: 1 });
  await readModels.close();
});

it('knows the project of every kind of stream', () => {
  const streams = [
    ...['lead-acme.l1', 'project-acme', 'job-acme.rescore-2', 'parked-acme.complete-merges.e1'],
    ...['roster-acme', 'pool-acme', 'work-acme.failed-lead'],
  ];
  expect(streams.map(projectOfStream)).toEqual(streams.map(() => 'acme'));
  expect(projectOfStream('job-_system.rebuild')).toBe('_system');
});

it('finds what is of jobs where jobs are', () => {
  const fact = recorded(jobRequested(), 'job-acme.j1', [5, 0], 'r3');
  expect(otherTraces.keys(fact)).toEqual([{ project: allProjects, id: 'r3 acme job-acme.j1' }]);
});
