import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Case, Ground } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import { activity, clients } from '../traffic.ts';

const megabytes = 64;
const problem = z.object({ type: z.string(), status: z.literal(503), code: z.string(), detail: z.string() });

/** A small disk in memory over a new folder; undefined where that isn't allowed. */
const smallDisk = ({ folder, after }: Ground): string | undefined => {
  const made = folder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', made], { stdio: 'ignore' });
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
  after(() => void execFileSync('umount', ['-l', made]));
  return made;
};

/** Writes a file until the disk has no room for another byte. */
const fill = (path: string): void => {
  const file = openSync(path, 'w');
  try {
    for (let size = 1 << 20; size >= 1; size = Math.floor(size / 2)) {
      while (written(file, size)) continue;
    }
  } finally {
    closeSync(file);
  }
};

const written = (file: number, size: number): boolean => {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
};

/** Sends until so many activities in a row are refused, each with a problem that says what is up. Says how many were. */
const sendUntilRefused = async (next: { n: number }, through: (n: number) => Promise<number>) => {
  let refused = 0;
  const end = performance.now() + 30_000;
  await clients(8, async () => {
    while (refused < 50) {
      must(performance.now() < end, 'Activities are still taken with the disk full for 30 s');
      if ((await through(next.n++)) === 503) refused += 1;
    }
  });
  return refused;
};

/** The disk is full. */
export const diskFull: Case = {
  name: 'disk-full',
  about: `the data is on a disk of ${megabytes} MB that fills up, and gets room again`,
  criterion:
    'activities are refused with a 503 problem and Retry-After while reads are answered, nothing is corrupt, and with room they are taken again',
  run: async (ground) => {
    const disk = smallDisk(ground);
    if (disk === undefined) return { skipped: 'a tmpfs can only be mounted by root, with CAP_SYS_ADMIN' };
    const server = await ground.server({ dataDir: disk });
    const project = await server.project();
    const ledger = openLedger();
    const next = { n: 0 };
    const people = ground.many(200);
    const through = async (n: number): Promise<number> => {
      const event = activity(n, people);
      const answer = await project.request('/api/events/ingest', { body: event });
      await ledger
        .through([event], async () => {
          if (answer.status === 202) return;
          const { success } = problem.safeParse(answer.body);
          must(
            success && answer.headers.has('retry-after'),
            `Refused with ${answer.status} ${JSON.stringify(answer.body)}`,
          );
          throw new Error('refused');
        })
        .catch((error: unknown) => {
          if (!(error instanceof Error) || error.message !== 'refused') throw error;
        });
      return answer.status;
    };
    while (next.n < ground.many(2_000)) mustEqual(await through(next.n++), 202, 'With room on the disk');
    await server.settled();

    const filler = join(disk, 'filler');
    fill(filler);
    const refused = await sendUntilRefused(next, through);
    for (const path of ['/api/leads?limit=5', '/api/analytics/dashboard', '/livez']) {
      mustEqual((await project.request(path)).status, 200, `With the disk full, ${path}`);
    }
    rmSync(filler);
    const begun = performance.now();
    while ((await through(next.n++)) !== 202) {
      must(performance.now() < begun + 30_000, 'Activities are still refused 30 s after there is room');
      await sleep(20);
    }
    await server.settled();
    const recovery = performance.now() - begun;

    await mustBeWhole(server, project, ledger);
    mustEqual(server.files.integrity(), 'ok', 'The integrity of the log');
    await server.kill();
    await server.recover();
    await mustBeWhole(server, project, ledger);
    return { recovery, found: `${refused} refused with 503 while full; ${ledger.acknowledged.size} acknowledged` };
  },
};
