import type { StoreLocations } from '../config/store-location.ts';
import { openEventReader } from '../eventstore/open.ts';
import type { Report } from '../invariants/report.ts';
import { checksInThreads } from '../invariants/thread.ts';
import { projections } from '../projections/index.ts';
import { reactors } from '../reactors/index.ts';
import { checkpointOf } from '../reactors/reactor.ts';
import { streamOf } from '../domain/streams.ts';

/** Whether the log has this project. */
export const hasProject = async ({ eventStore }: StoreLocations, project: string): Promise<boolean> => {
  const store = await openEventReader(eventStore);
  try {
    return (await store.read(streamOf('project', project), -1, 1)).events.length > 0;
  } finally {
    await store.close();
  }
};

/** Checks the invariants of one project or all in stores that no server uses. */
export const reportByReading = ({ eventStore, readModels }: StoreLocations, project?: string): Promise<Report> => {
  const checks = checksInThreads({
    eventStore,
    readModels,
    live: false,
    entry: new URL('../invariants/thread-entry.ts', import.meta.url),
    checkpoints: [...projections.map(({ name }) => name), ...reactors.map(checkpointOf)],
    clock: () => new Date(),
    positions: async () => ({}),
  });
  return checks.check(project);
};
