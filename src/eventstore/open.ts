import { eventShapes } from '../domain/events.ts';
import { checked } from './checked.ts';
import type { EventStore } from './event-store.ts';
import { openEventStoreDB } from './eventstoredb.ts';
import { openSqliteEventStore } from './sqlite.ts';

/** Where the facts are: a file of this machine, or an EventStoreDB by its connection string. */
export type EventStoreHome =
  { readonly scheme: 'sqlite'; readonly path: string } | { readonly scheme: 'eventstoredb'; readonly url: string };

/** Opens a log as it is: facts go in and come out unchecked. */
export const openLog = (home: EventStoreHome, clock: () => Date = () => new Date()): EventStore =>
  home.scheme === 'sqlite' ? openSqliteEventStore(home.path, { clock }) : openEventStoreDB(home.url);

/** Opens the event store of a home to be read: what is appended to a file through it throws. The file must be there. */
export const openEventReader = (home: EventStoreHome): EventStore => {
  const clock = (): Date => new Date();
  if (home.scheme !== 'sqlite') return openEventStore(home, clock);
  return checked(openSqliteEventStore(home.path, { clock, readOnly: true }), eventShapes);
};

/** Opens the event store of a home. It refuses facts that don't fit their shapes, and reads old shapes as new ones. */
export const openEventStore = (home: EventStoreHome, clock: () => Date): EventStore =>
  checked(openLog(home, clock), eventShapes);
