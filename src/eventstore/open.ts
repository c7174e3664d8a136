import { eventShapes } from '../domain/events.ts';
import { checked } from './checked.ts';
import type { EventStore } from './event-store.ts';

/** Where the facts are: a file of this machine, or an EventStoreDB by its connection string. */
export type EventStoreLocation =
  { readonly scheme: 'sqlite'; readonly path: string } | { readonly scheme: 'eventstoredb'; readonly url: string };

/** How a log is opened: who says when facts of a file are recorded, and how long an answer of a server may take, in ms. */
type Opening = { readonly clock: () => Date; readonly readOnly?: boolean; readonly deadline?: number };

/** For tools, whose work of minutes is not to end with one slow answer. In ms. */
const patient = { clock: (): Date => new Date(), deadline: 30_000 };

// The client that is not used is not loaded: 20 MB less a thread.
const open = async (home: EventStoreLocation, { clock, readOnly = false, deadline }: Opening): Promise<EventStore> =>
  home.scheme === 'sqlite'
    ? (await import('./sqlite/store.ts')).openSqliteEventStore(home.path, { clock, readOnly })
    : (await import('./eventstoredb/store.ts')).openEventStoreDB(home.url, deadline === undefined ? {} : { deadline });

/** Opens a log as it is: facts go in and come out unchecked. Waits up to half a minute for an answer. */
export const openLog = (home: EventStoreLocation): Promise<EventStore> => open(home, patient);

/** Opens the event store of a home. It refuses facts that don't fit their shapes, and reads old shapes as new ones. */
export const openEventStore = async (home: EventStoreLocation, clock: () => Date): Promise<EventStore> =>
  checked(await open(home, { clock }), eventShapes);

/**
 * Opens the event store of a home to be read: what is appended to a file through it throws. The file must be there. Waits up
 * to half a minute for an answer.
 */
export const openEventReader = async (home: EventStoreLocation): Promise<EventStore> =>
  checked(await open(home, { ...patient, readOnly: true }), eventShapes);
