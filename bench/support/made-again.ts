import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { copyLog } from '../../src/eventstore/migration.ts';
import { openLog } from '../../src/eventstore/open.ts';
import type { EventStoreLocation } from '../../src/config/store-location.ts';
import type { Lab } from './benchmark.ts';
import { startProduct } from './product.ts';
import { untilQuiet } from './quiet.ts';
import { hireReps, qualifyingEvent, visitingEvent } from './routed.ts';
import { sendBurst } from './routing-cpu.ts';

/** So many leads that wait for a rep, and as many that have one, and how often each comes by before it qualifies. */
export const [leads, visits] = [1_000, 5];

const adminKey = 'a-key-of-the-benchmark-that-is-long-enough';

/** A log with leads that wait, because there is no roster, and leads that have a rep. */
const populate = async (dataDir: string): Promise<void> => {
  const product = await startProduct({ dataDir, env: { LEADFOLD_ADMIN_KEY: adminKey } });
  for (const hasReps of [false, true]) {
    const { projectId, apiKey } = await product.project();
    if (hasReps) await hireReps(product, projectId);
    const office = { product, projectId, apiKey };
    const all = { first: 0, count: leads };
    for (let visit = 0; visit < visits; visit++) await sendBurst(office, all, visitingEvent);
    await sendBurst(office, all, qualifyingEvent);
  }
  await product.stop();
};

const copy = async (from: EventStoreLocation, to: EventStoreLocation): Promise<void> => {
  const [source, target] = [await openLog(from), await openLog(to)];
  await copyLog(source, target, () => undefined);
  await Promise.all([source.close(), target.close()]);
};

/**
 * The same facts on a server and in a file, and how long a start without read models takes over each, in seconds, until nothing
 * is left to do.
 */
export const openMadeAgain = async ({ folder }: Lab, url: string) => {
  const [origin, same] = [folder(), join(folder(), 'events.db')];
  await populate(origin);
  const server = { scheme: 'eventstoredb', url } as const;
  await copy({ scheme: 'sqlite', path: join(origin, 'events.db') }, server);
  // A server that is not ours alone has more than that.
  await copy(server, { scheme: 'sqlite', path: same });

  const took = async (env: Readonly<Record<string, string>>, dataDir: string): Promise<number> => {
    const begun = performance.now();
    const product = await startProduct({ dataDir, env: { LEADFOLD_ADMIN_KEY: adminKey, ...env } });
    await untilQuiet(product);
    const seconds = (performance.now() - begun) / 1_000;
    await product.stop();
    return seconds;
  };
  return {
    overFile: async (): Promise<number> => {
      const dataDir = folder();
      cpSync(same, join(dataDir, 'events.db'));
      return took({}, dataDir);
    },
    overServer: (): Promise<number> => took({ EVENT_STORE: url }, folder()),
  };
};
