import { eventShapes } from '../domain/events.ts';
import { checked } from './checked.ts';
import type { EventStore } from './event-store.ts';

/** Where the facts are: a file of this machine, or an EventStoreDB by its connection string. */
export type EventStoreHome =
  { readonly scheme: 'sqlite'; readonly path: string } | { readonly scheme: 'eventstoredb'; readonly url: string };

const now = (): Date => new Date();

// The client that is not used is not loaded: 20 MB less a thread.
const open = async (home: EventStoreHome, clock: () => Date, readOnly: boolean): Promise<EventStore> =>
  home.scheme === 'sqlite'
    ? (await import('./sqlite.ts')).openSqliteEventStore(home.path, { clock, readOnly })
    : (await import('./eventstoredb.ts')).openEventStoreDB(home.url);

/** Opens a log as it is: facts go in and come out unchecked. */
export const openLog = (home: EventStoreHome, clock = now): Promise<EventStore> => open(home, clock, false);

/** Opens the event store of a home. It refuses facts that don't fit their shapes, and reads old shapes as new ones. */
export const openEventStore = async (home: EventStoreHome, clock: () => Date): Promise<EventStore> =>
  checked(await open(home, clock, false), eventShapes);

/** Opens the event store of a home to be read: what is appended to a file through it throws. The file must be there. */
export const openEventReader = async (home: EventStoreHome): Promise<EventStore> =>
  checked(await open(home, now, true), eventShapes);
