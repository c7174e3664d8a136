import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { StoreLocations } from '../config/store-location.ts';
import { damageIn } from '../eventstore/sqlite/damage.ts';
import { pageDamageIn } from '../readmodels/sqlite/damage.ts';

/** The parts of a process whose files are looked through, as health calls them. */
type Part = 'event-store' | 'read-models';

/** A file as it was found, with its size in bytes; one that has been put in its place has another number. */
type File = { readonly kind: Part; readonly path: string; readonly number: number; readonly size: number };

/** A file of so many bytes is looked through sooner than a thread begins. */
const small = 1024 * 1024;

const advice: Readonly<Record<Part, string>> = {
  'event-store': 'stop, restore it from a backup, and delete the read models',
  'read-models': 'delete it with its -wal and -shm; it is made again from the log',
};

/** Looks through a file, and gives what is wrong in it; undefined when nothing is. */
export const lookThrough = ({ kind, path }: Pick<File, 'kind' | 'path'>): string | undefined =>
  kind === 'event-store' ? damageIn(path) : pageDamageIn(path);

/** What is known of the files of this machine. */
export type Integrity = {
  /** Looks through them, one after the other, in a thread of its own. `hear` is told what is wrong, and what to do. */
  readonly begin: (onDamage: (part: Part, damage: string) => void) => void;
  readonly isDamaged: (part: Part) => boolean;
  /** Resolves when all was looked through. */
  readonly done: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const filesOf = ({ eventStore, readModels }: StoreLocations): readonly File[] => {
  const locations = [['event-store', eventStore] as const, ['read-models', readModels] as const];
  return locations.flatMap(([kind, location]) => {
    const found = location.scheme === 'sqlite' ? statSync(location.path, { throwIfNoEntry: false }) : undefined;
    // Nothing is wrong yet with what is made just now.
    return location.scheme === 'sqlite' && found && found.size > 0
      ? [{ kind, path: location.path, number: found.ino, size: found.size }]
      : [];
  });
};

const answer = z.object({ damage: z.string().optional() });

/** The files that are there before anything is opened: who opens them makes those that are not. */
export const integrityOf = (locations: StoreLocations): Integrity => {
  const files = filesOf(locations);
  const damaged: File[] = [];
  let stopping = false;
  let thread: Worker | undefined;
  let looking: Promise<void> = Promise.resolve();

  const look = async ({ kind, path, size }: File): Promise<string | undefined> => {
    if (size <= small) return lookThrough({ kind, path });
    const worker = new Worker(new URL('./integrity-thread-entry.ts', import.meta.url), { workerData: { kind, path } });
    thread = worker;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => resolve({}));
    return answer.parse(await promise).damage;
  };

  return {
    begin: (onDamage) => {
      looking = (async () => {
        for (const file of files) {
          if (stopping) return;
          try {
            const damage = await look(file);
            if (damage === undefined) continue;
            damaged.push(file);
            onDamage(file.kind, `${file.path} is damaged: ${damage}; ${advice[file.kind]}`);
          } catch (error) {
            onDamage(file.kind, `${file.path} could not be looked through: ${String(error)}`);
          }
        }
      })();
    },
    isDamaged: (part) =>
      damaged.some(
        ({ kind, path, number }) => kind === part && statSync(path, { throwIfNoEntry: false })?.ino === number,
      ),
    done: () => looking,
    stop: async () => {
      stopping = true;
      await thread?.terminate();
      await looking;
    },
  };
};
