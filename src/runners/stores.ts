import type { StoreLocations } from '../config/store-location.ts';
import { openEventStore } from '../eventstore/open.ts';
import { openReadModels } from '../readmodels/open.ts';
import { measuredReadModels } from '../telemetry/measured-read-models.ts';
import type { Observing } from '../telemetry/traced-store.ts';
import { tracedStore } from '../telemetry/traced-store.ts';
import type { Troubles } from '../telemetry/troubles.ts';
import { watchStores } from './availability.ts';
import { openRecoveries } from './recoveries.ts';

type Opening = {
  readonly clock: () => Date;
  readonly telemetry: Observing;
  /** Where it is told when a store is away, if it is. */
  readonly troubles?: Troubles;
  /** Called when the file of the read models is gone and has to be made again. */
  readonly deleted?: () => void;
};

/** Opens the stores for a process or a thread, which telemetry tells of, and looks after them until they are closed. */
export const connectStores = async (locations: StoreLocations, { clock, telemetry, troubles, deleted }: Opening) => {
  const recoveries = openRecoveries();
  const log = await openEventStore(locations.eventStore, clock);
  const documents = await openReadModels(locations.readModels, deleted);
  const available = watchStores({ log, documents }, locations, { recoveries, ...(troubles && { troubles }) });
  const store = tracedStore(log, telemetry, available.events.failed);
  const readModels = measuredReadModels(documents, telemetry.instruments, available.documents.failed);
  return {
    store,
    readModels,
    available,
    recoveries,
    close: async (): Promise<void> => {
      await available.stop();
      await readModels.close();
      await store.close();
    },
  };
};
