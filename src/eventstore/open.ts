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

/** Opens the event store of a home. It refuses facts that don't fit their shapes, and reads old shapes as new ones. */
export const openEventStore = (home: EventStoreHome, clock: () => Date): EventStore =>
  checked(openLog(home, clock), eventShapes);
