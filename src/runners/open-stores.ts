import type { Config } from '../config/config.ts';
import { openLimits } from '../outside/limits/open.ts';
import { openVault } from '../outside/vault/open.ts';
import { projections } from '../projections/index.ts';
import { serving } from '../readmodels/generations.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Troubles } from '../telemetry/troubles.ts';
import { integrityOf } from './integrity.ts';
import { connectStores } from './stores.ts';

/** How long a generation that was looked up at a server is read before it is looked up again, in ms. */
const generationAge = 500;

/** How long a worker runs a subscription without having renewed its lease, in ms. Another may take over a quarter of that later. */
const leaseLifetime = 3_200;

/** The stores, watched by telemetry, and what tells how they are. */
export type Stores = Awaited<ReturnType<typeof openStores>>;

/** Where facts and documents are kept. Files are looked at before they are opened: whoever opens them makes those that are not there. */
export const openStores = async (
  config: Config,
  { clock, newId }: { readonly clock: () => Date; readonly newId: () => string },
  { telemetry, troubles }: { readonly telemetry: Telemetry; readonly troubles: Troubles },
) => {
  const { eventStore, readModels: documents, traces } = config;
  const integrity = integrityOf(config);
  const opened = await connectStores(config, { clock, telemetry, troubles });
  // Files serve one process; what servers keep, many processes may offer to project and to react to.
  const shared = documents.scheme !== 'sqlite';
  const names = projections.map(({ name }) => name);
  const readModels = serving(opened.readModels, names, { maxAge: shared ? generationAge : 0 });
  const vault = await openVault(config);
  const limits = await openLimits(documents, () => performance.now());
  const lease = shared ? { holder: newId(), lifetime: leaseLifetime } : undefined;
  return {
    ...opened,
    readModels,
    vault,
    limits,
    integrity,
    shared,
    // Whoever serves a file has its lock.
    isAlone: eventStore.scheme === 'sqlite',
    ...(lease && { lease }),
    /** The same stores for a thread, which opens them again. */
    locations: { eventStore, readModels: documents, ...(lease && { lease }), ...(traces && { traces }) },
    close: async () => {
      await opened.close();
      await vault.close();
      await limits.close();
    },
  };
};
