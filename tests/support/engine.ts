import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createProject } from '../../src/commands/projects/create-project.ts';
import { alone } from '../../src/engine/alone.ts';
import { doubting } from '../../src/engine/doubt.ts';
import type { Request } from '../../src/engine/handle.ts';
import type { Pace } from '../../src/engine/pacing.ts';
import { pacing } from '../../src/engine/pacing.ts';
import { handling } from '../../src/engine/handle.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { publishScoringModel } from '../../src/commands/scoring/publish-scoring-model.ts';
import type { Snapshots } from '../../src/engine/snapshots.ts';
import { foldStates } from '../../src/engine/states.ts';
import { linksUnderway } from '../../src/flows/links-underway.ts';
import { keepCalendar } from '../../src/domain/routing/calendar.ts';
import { eventSchemas } from '../../src/domain/events.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { checked } from '../../src/eventstore/checked.ts';
import type { EventStore, Recorded } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { projectId } from './facts.ts';
import { noon } from './noon.ts';

/** An empty log in memory that refuses facts against their schema. Close it. */
export const openLog = (): EventStore =>
  checked(
    openSqliteEventStore(':memory:', { clock: () => noon }),
    Object.fromEntries(Object.entries(eventSchemas).map(([type, schema]) => [type, { schema, upcasts: [] }])),
  );

type With = {
  readonly clock?: () => Date;
  readonly maxBytes?: number;
  readonly snapshots?: Snapshots;
  readonly pace?: Pace;
  /** Whether no other process appends to the store. */
  readonly isAlone?: boolean;
};

/** What one process works with, in no hurry unless a test says so: its own memory of the streams, over a store that others may write to as well. */
export const engineOver = (
  log: EventStore,
  { clock = () => noon, maxBytes = 10_000_000, snapshots, pace = pacing(Infinity), isAlone = false }: With = {},
): Engine => {
  const { store, states } = doubting(log, foldStates(log, maxBytes, snapshots));
  const calendar = keepCalendar();
  return {
    states: isAlone ? alone(states) : states,
    handle: handling({ store, states, clock, newId: randomUUID, pace }),
    clock,
    calendar: (roster) => calendar(roster, clock()),
    yieldToOthers: async () => undefined,
    links: linksUnderway(),
    truncate: (stream, before) => store.truncate(stream, before),
  };
};

export const request = (commandId: string, more: Partial<Request> = {}): Request => ({
  commandId,
  correlationId: 'test',
  ...more,
});

/** Everything in the log, in order. */
export const allFacts = async (store: EventStore): Promise<readonly Recorded[]> => {
  const stop = new AbortController();
  const head = await store.head();
  const facts: Recorded[] = [];
  if (head === 0) return facts;
  for await (const batch of store.follow(0, stop.signal)) {
    facts.push(...batch.events);
    if (batch.position >= head) stop.abort();
  }
  return facts;
};

/** Breaks the connection at the nth append (from 1), before it or after it was written. `appends` tells how many there were. */
export const breaking = (store: EventStore, nth: number, when: 'before' | 'after') => {
  const count = { appends: 0 };
  const append: EventStore['append'] = async (stream, expected, events) => {
    count.appends += 1;
    const broken = count.appends === nth;
    if (broken && when === 'before') throw new StoreUnavailable('The connection broke before the append');
    const appended = await store.append(stream, expected, events);
    if (broken) throw new StoreUnavailable('The connection broke after the append');
    return appended;
  };
  return { store: { ...store, append }, count };
};

/** Lets some turns of the event loop pass before each call, as many as `turns` says, so that others get in between. */
export const slow = (store: EventStore, turns: () => number): EventStore => {
  const wait = async (): Promise<void> => {
    for (let left = turns(); left > 0; left--) await nextTurn();
  };
  return {
    ...store,
    read: async (...args) => {
      await wait();
      const events = await store.read(...args);
      await wait();
      return events;
    },
    append: async (...args) => {
      await wait();
      return store.append(...args);
    },
  };
};

/** A log with a project that has this scoring model in force. Close it. */
export const openWith = async ({ model }: PublishedModel): Promise<EventStore> => {
  const store = openLog();
  const { handle } = engineOver(store);
  await handle(createProject, { projectId, name: 'Acme' }, request('create'));
  await handle(publishScoringModel, { projectId, model }, request('publish'));
  return store;
};
