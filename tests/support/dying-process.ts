import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { z } from 'zod';
import { capture } from '../../src/flows/capture.ts';
import { activitySchema } from '../../src/domain/lead/activity.ts';
import { eventShapes } from '../../src/domain/events.ts';
import { identifierSchema } from '../../src/domain/identity/identity.ts';
import { checked } from '../../src/eventstore/checked.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openSqliteEventStore } from '../../src/eventstore/sqlite/store.ts';
import { engineOver } from './engine.ts';
import { react } from './routing.ts';

const errand = z.object({
  dataDir: z.string(),
  projectId: z.string(),
  identifiers: z.tuple([identifierSchema], identifierSchema),
  activity: activitySchema,
  /** The process ends at once after this many appends that hold a fact of this type. */
  dieAfter: z.object({ type: z.string(), times: z.int().min(1) }),
  /** Does what follows, too. */
  reacts: z.boolean().optional(),
});

/** An activity to capture in a process that dies on the way, and where. */
export type Errand = Readonly<z.infer<typeof errand>>;

const dying = (store: EventStore, { type, times }: Errand['dieAfter']): EventStore => {
  const seen = { appends: 0 };
  return {
    ...store,
    append: async (stream, expected, events) => {
      const appended = await store.append(stream, expected, events);
      if (events.some((event) => event.type === type)) seen.appends += 1;
      if (seen.appends < times) return appended;
      // Who dies so has nobody keep what was compiled.
      flushCompileCache();
      process.kill(process.pid, 'SIGKILL');
      return new Promise(() => undefined);
    },
  };
};

const captureAndDie = async ({
  dataDir,
  projectId,
  identifiers,
  activity,
  dieAfter,
  reacts,
}: Errand): Promise<void> => {
  const clock = (): Date => new Date(activity.receivedAt);
  const file = openSqliteEventStore(join(dataDir, 'events.db'), { clock });
  const store = dying(checked(file, eventShapes), dieAfter);
  const engine = engineOver(store, { clock });
  const request = { commandId: v7(), correlationId: 'dying' };
  await capture(engine, projectId, [{ identifiers, activity, exactTime: true }], request);
  if (reacts === true) await react(engine, store);
};

/** Captures an activity in a process of its own that is killed on the way. Fails when it is not. */
export const dieCapturing = async (its: Errand): Promise<void> => {
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, JSON.stringify(its)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = await once(child, 'exit');
  if (signal !== 'SIGKILL') throw new Error(`The process was to die on the way, but ended with ${code}`);
};

if (process.argv[1] === import.meta.filename) await captureAndDie(errand.parse(JSON.parse(process.argv[2] ?? '')));
