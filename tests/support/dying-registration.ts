import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { v7 } from 'uuid';
import { z } from 'zod';
import { parseConfig } from '../../src/config/config.ts';
import { eventShapes } from '../../src/domain/events.ts';
import { checked } from '../../src/eventstore/checked.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { openEventStore } from '../../src/eventstore/open.ts';
import { openVault } from '../../src/outside/vault/open.ts';
import { openPeople } from '../../src/runners/open-people.ts';
import { engineOver } from './engine.ts';
import { password } from './accounts.ts';

const errand = z.object({
  dataDir: z.string(),
  now: z.iso.datetime(),
  email: z.string(),
  /** Verifies by this token; without one it registers. */
  token: z.string().optional(),
  /** The process ends at once before its append of that number, from 1, or after it. */
  append: z.int().min(1),
  when: z.enum(['before', 'after']),
});

/** What to do in a process that dies on the way, and where. */
export type Errand = Readonly<z.infer<typeof errand>>;

const dying = (store: EventStore, { append: nth, when }: Errand): EventStore => {
  let appends = 0;
  const die = (): Promise<never> => {
    // Who dies so has nobody keep what was compiled.
    flushCompileCache();
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined);
  };
  return {
    ...store,
    append: async (stream, expected, events) => {
      appends += 1;
      if (appends === nth && when === 'before') return die();
      const appended = await store.append(stream, expected, events);
      return appends === nth ? die() : appended;
    },
  };
};

const goAndDie = async (its: Errand): Promise<void> => {
  const config = parseConfig({ DATA_DIR: its.dataDir });
  const clock = (): Date => new Date(its.now);
  const store = dying(checked(await openEventStore(config.eventStore, clock), eventShapes), its);
  const onError = (error: unknown): void => {
    throw error;
  };
  const people = openPeople({
    engine: engineOver(store, { clock }),
    vault: await openVault(config),
    settings: config.people,
    clock,
    newId: v7,
    onError,
  });
  const asking = { correlationId: 'dying' };
  if (its.token === undefined) await people.register({ email: its.email, password }, asking);
  else await people.verify(its.token, asking);
  await people.idle();
};

/** Registers or verifies an address in a process of its own that is killed on the way. Fails when it is not. */
export const dieRegistering = async (its: Errand): Promise<void> => {
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, JSON.stringify(its)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = await once(child, 'exit');
  if (signal !== 'SIGKILL') throw new Error(`The process was to die on the way, but ended with ${code}`);
};

if (process.argv[1] === import.meta.filename) await goAndDie(errand.parse(JSON.parse(process.argv[2] ?? '')));
