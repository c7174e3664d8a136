import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { capture } from '../../src/flows/capture.ts';
import type { Capture } from '../../src/flows/capture-groups.ts';
import { unrepeatable } from '../../src/engine/command.ts';
import { createProject } from '../../src/commands/projects/create-project.ts';
import type { LookupOutcome } from '../../src/engine/snapshots.ts';
import { keepSnapshots } from '../../src/engine/snapshots.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { scorable } from '../../src/domain/lead/scorable.ts';
import { inPoints, tally } from '../../src/domain/scoring/scoring.ts';
import { leadStreamId } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openEventStore } from '../../src/eventstore/open.ts';
import { openReadModels } from '../../src/readmodels/open.ts';
import { allFacts, engineOver, request } from '../support/engine.ts';
import { activity, anonymousId, idOf, projectId, standard } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const visitors = Array.from({ length: 10 }, (_, index) => anonymousId(`visitor-${index}`));
const types = ['page_view', 'signup', 'demo_request'] as const;

const visit = (visitor: number, index: number, more: Partial<Activity> = {}): Capture => ({
  identifiers: [visitors[visitor] ?? anonymousId()],
  activity: activity({ eventId: `${visitor}-${index}`, eventType: types[index % 3] ?? 'page_view', ...more }),
  exactTime: false,
});

const counting = (store: EventStore) => {
  const count = { rows: 0 };
  const read: EventStore['read'] = async (...args) => {
    const found = await store.read(...args);
    count.rows += found.events.length;
    return found;
  };
  return { store: { ...store, read }, count };
};

/** Starts processes over the same files, one after the other. Each remembers two or three leads. */
const processes = () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadfold-long-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return async () => {
    const log = await openEventStore({ scheme: 'sqlite', path: join(folder, 'events.db') }, () => noon);
    const readModels = await openReadModels({ scheme: 'sqlite', path: join(folder, 'read-models.db') });
    const looked: LookupOutcome[] = [];
    const snapshots = keepSnapshots(readModels, { onLookup: (outcome) => looked.push(outcome) });
    const { store, count } = counting(log);
    const engine = engineOver(store, { maxBytes: 350_000, snapshots });

    /** Each visitor does ten things, then each the next ten. Tells what became of them. */
    const turns = async (from: number, to: number) => {
      const statuses = new Set<string>();
      for (let index = from; index < to; index += 10)
        for (const visitor of visitors.keys()) {
          const ten = Array.from({ length: 10 }, (_, each) => visit(visitor, index + each));
          const captured = await capture(engine, projectId, ten, request(unrepeatable('turns')));
          for (const { status } of captured) statuses.add(status);
        }
      return [...statuses];
    };
    const stop = async () => {
      snapshots.stop();
      await readModels.close();
      await log.close();
    };
    return { log, engine, turns, looked, count, stop, written: snapshots.written };
  };
};

it('Leads that are too many and too long to be remembered get every activity once, also after a restart', async () => {
  const start = processes();
  const first = await start();
  await first.engine.handle(createProject, { projectId, name: 'Acme' }, request('create'));
  // Ten activities and their score are eleven facts.
  expect(await first.turns(0, 120)).toEqual(['queued']);
  await first.written();
  expect(await first.turns(120, 140)).toEqual(['queued']);
  await first.written();
  await first.stop();

  const second = await start();
  expect(await second.turns(100, 140)).toEqual(['duplicate']);
  expect(await second.turns(140, 160)).toEqual(['queued']);
  const other = visit(3, 5, { eventType: 'something_else' });
  expect(await capture(second.engine, projectId, [other], request('other'))).toMatchObject([
    { status: 'duplicate', conflict: true },
  ]);
  // All facts of a lead, 154 and more, would have been read each of the 61 times that it was wanted.
  expect(new Set(second.looked)).toEqual(new Set(['found']));
  expect(second.count.rows).toBeLessThan(61 * 70);
  await second.stop();

  const third = await start();
  const recorded = (await allFacts(third.log)).filter(({ type }) => type === 'ActivityRecorded');
  expect(recorded.length).toBe(visitors.length * 160);
  const { states } = engineOver(third.log, { maxBytes: 1e9 });
  for (const visitor of visitors) {
    const id = leadStreamId(projectId, idOf(visitor));
    const [{ state, revision }, kept] = [await states.get(lead, id), await third.engine.states.get(lead, id)];
    expect({ activitiesCount: state.activities.size, revision: kept.revision }).toEqual({
      activitiesCount: 160,
      revision,
    });
    expect(state.scored.score).toBe(inPoints(tally(standard, scorable(state), noon.getTime()).score));
    expect(kept.state.scored.score).toBe(state.scored.score);
  }
  await third.stop();
});
