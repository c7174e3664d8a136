import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import { activity, inParallel } from '../traffic.ts';

const hour = 3_600_000;
/** By how many hours the clock is wrong, one after the other. */
const jumps = [0, 36, -72, 0.5, -0.5, 24 * 400, -24 * 400, 0];

const health = z.object({ status: z.string() });

/** The clock of the machine jumps. */
export const clockJumps: Case = {
  name: 'clock-jumps',
  about: `the clock of the server jumps under traffic, by ${Math.min(...jumps)} to +${Math.max(...jumps)} hours`,
  criterion: 'every activity is taken and counted once, leads are merged as ever, and the service stays well',
  run: async ({ server: start, many, folder }) => {
    const file = join(folder(), 'shift');
    const shift = async (hours: number): Promise<void> => {
      // Moved into place, so that nobody reads half of it.
      writeFileSync(`${file}.new`, String(hours * hour));
      renameSync(`${file}.new`, file);
      await sleep(10);
    };
    await shift(0);
    const preload = new URL('../shifted-clock.ts', import.meta.url).href;
    const server = await start({ env: { CHAOS_CLOCK: file, NODE_OPTIONS: `--import ${preload}` } });
    const project = await server.project();
    const ledger = openLedger();
    let [n, recovery] = [0, 0];
    for (const hours of jumps) {
      await shift(hours);
      const events = Array.from({ length: many(300) }, () => activity(n++, many(200)));
      await inParallel(8, events, (event) => ledger.through([event], () => project.send(event)));
      const begun = performance.now();
      await server.settled();
      recovery = Math.max(recovery, performance.now() - begun);
      mustEqual((await project.get('/api/health', health)).status, 'healthy', `Health, ${hours} h off`);
    }
    const times = [...(await mustBeWhole(server, project, ledger)).values()].map(({ timeline }) =>
      timeline.map(({ occurredAt }) => occurredAt),
    );
    for (const each of times) mustEqual(each, each.toSorted(), 'A timeline, and itself in order of time');
    const years = new Set(times.flat().map((time) => time.slice(0, 4)));
    must(years.size > 1, 'The clock of the server did not jump');
    await server.kill();
    await server.recover();
    await mustBeWhole(server, project, ledger);
    return { recovery, found: `${n} activities at ${jumps.length} times; ${times.length} leads` };
  },
};
