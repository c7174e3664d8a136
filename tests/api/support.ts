import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 } from 'uuid';
import type { App } from '../../src/api/app.ts';
import type { Settings } from '../../src/api/server.ts';
import { openServer } from '../../src/api/server.ts';
import type { World } from '../../src/api/world.ts';
import { handling } from '../../src/commands/handle.ts';
import { foldStates } from '../../src/commands/state.ts';
import { eventShapes } from '../../src/domain/events.ts';
import { checked } from '../../src/eventstore/checked.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite.ts';

export const adminKey = 'R4nd0m-root-key-of-the-tests-0123456789';
export const asRoot = { authorization: `Bearer ${adminKey}` };

/** A text of 32 letters and digits. */
const secret = (): string => crypto.randomUUID().replaceAll('-', '');

export type Booted = {
  readonly app: App;
  readonly world: World;
  readonly store: EventStore;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** A second process over the same events, with a memory of its own. */
export const worldOver = (store: EventStore, dir: string): World => {
  const clock = (): Date => new Date('2026-03-01T12:00:00.000Z');
  const states = foldStates(store, 64 * 1024 * 1024);
  const handle = handling({ store, states, clock, newId: v7 });
  return {
    engine: { handle, states },
    readModels: openSqliteReadModels(join(dir, 'read-models.db')),
    reached: () => Promise.resolve(),
    components: () => Promise.resolve([{ name: 'event store', healthy: true, state: 'open' }]),
    ...{ clock, newId: v7, newSecret: secret, adminKey },
  };
};

/** The real app over a real event store in a folder of its own. `change` puts something else in the place of a part of its world. */
export const boot = async (
  change: (world: World, store: EventStore) => Partial<World> = () => ({}),
  settings: Partial<Settings> = {},
): Promise<Booted> => {
  const dir = mkdtempSync(join(tmpdir(), 'leadfold-api-'));
  const store = checked(openSqliteEventStore(join(dir, 'events.db'), { clock: () => new Date() }), eventShapes);
  const given = worldOver(store, dir);
  const world = { ...given, ...change(given, store) };
  const app = await openServer(world, { logLevel: 'silent', ...settings });
  return {
    ...{ app, world, store },
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await given.readModels.close();
      await store.close();
      rmSync(dir, { recursive: true });
    },
  };
};
