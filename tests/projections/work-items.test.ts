import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { WorkItemEvent } from '../../src/domain/work/work-item.ts';
import { workItem, workItemEvents } from '../../src/domain/work/work-item.ts';
import type { Recorded } from '../../src/eventstore/event-store.ts';
import { project } from '../../src/projections/projection.ts';
import { openWorkItems, workItems } from '../../src/projections/work-items.ts';
import { allProjects } from '../../src/projections/projects.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { anyOf } from '../support/any-of.ts';
import { projectId, workItemOpened } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const types = Object.keys(workItemEvents) as readonly WorkItemEvent['type'][];
const facts = fc.array(
  fc
    .constantFrom(...types)
    .chain((type) => anyOf(workItemEvents[type]).map((data) => ({ type, data }) as WorkItemEvent)),
  { maxLength: 12 },
);

const recorded = (event: WorkItemEvent, revision: number): Recorded<WorkItemEvent> => ({
  ...event,
  id: `e${revision}`,
  stream: `work-${projectId}.w1`,
  revision,
  position: revision + 1,
  recordedAt: noon,
  metadata: { commandId: 'c', correlationId: 'c', causationId: 'c' },
});

it('A work item is shown as its facts have it, also when they come again', async () => {
  await fc.assert(
    fc.asyncProperty(facts, fc.nat(), async (more, cut) => {
      const events = [workItemOpened(), ...more].map(recorded);
      const readModels = openSqliteReadModels(':memory:');
      await readModels.prepare([workItems, openWorkItems]);
      for (const of of [project(workItems, readModels), project(openWorkItems, readModels)]) {
        const seen = cut % (events.length + 1);
        await of({ events: events.slice(0, seen), position: seen });
        await of({ events, position: events.length });
        await of({ events, position: events.length });
      }
      const doc = await readModels.get(projectId, workItems, 'w1');
      const counted = await readModels.get(allProjects, openWorkItems, `${projectId}.w1`);
      await readModels.close();
      const state = events.reduce(workItem.evolve, workItem.initial);
      expect(doc).toMatchObject({
        status: state.status,
        priority: state.priority,
        until: state.until,
        kind: state.kind,
        ended: ['completed', 'cancelled'].includes(state.status) ? 1 : 0,
      });
      expect([doc?.by ?? '', doc?.teamId, doc?.assignee, doc?.resolution]).toEqual([
        ...[state.by, state.teamId, state.assignee, state.resolution],
      ]);
      expect(counted !== undefined).toBe(doc?.ended === 0);
    }),
    { numRuns: 60 },
  );
});
