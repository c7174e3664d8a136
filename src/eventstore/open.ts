import type { EventStoreLocation } from '../config/store-location.ts';
import { eventShapes } from '../domain/events.ts';
import { checked } from './checked.ts';
import type { EventStore } from './event-store.ts';

/** How a log is opened: who says when facts of a file are recorded, and how long an answer of a server may take, in ms. */
type Opening = { readonly clock: () => Date; readonly readOnly?: boolean; readonly deadline?: number };

/** For tools, whose work of minutes is not to end with one slow answer. In ms. */
const patient = { clock: (): Date => new Date(), deadline: 30_000 };

// The client that is not used is not loaded: 20 MB less a thread.
const open = async (
  location: EventStoreLocation,
  { clock, readOnly = false, deadline }: Opening,
): Promise<EventStore> =>
  location.scheme === 'sqlite'
    ? (await import('./sqlite/store.ts')).openSqliteEventStore(location.path, { clock, readOnly })
    : (await import('./eventstoredb/store.ts')).openEventStoreDB(
        location.url,
        deadline === undefined ? {} : { deadline },
      );

/** Opens a log as it is: facts go in and come out unchecked. Waits up to half a minute for an answer. */
export const openLog = (location: EventStoreLocation): Promise<EventStore> => open(location, patient);

/** Opens the event store at a location. It refuses facts that don't fit their shapes, and reads old shapes as new ones. */
export const openEventStore = async (location: EventStoreLocation, clock: () => Date): Promise<EventStore> =>
  checked(await open(location, { clock }), eventShapes);

/**
 * Opens the event store at a location to be read: what is appended to a file through it throws. The file must be there. Waits up
 * to half a minute for an answer.
 */
export const openEventReader = async (location: EventStoreLocation): Promise<EventStore> =>
  checked(await open(location, { ...patient, readOnly: true }), eventShapes);
