import type { Calendar } from '../domain/routing/calendar.ts';
import { keepCalendar } from '../domain/routing/calendar.ts';
import type { RosterState } from '../domain/routing/roster.ts';
import { alone } from '../engine/alone.ts';
import { doubting } from '../engine/doubt.ts';
import type { YieldToOthers } from '../engine/pacing.ts';
import { yieldingInTurn } from '../engine/pacing.ts';
import type { Handle } from '../engine/handle.ts';
import { handling } from '../engine/handle.ts';
import type { Snapshots } from '../engine/snapshots.ts';
import type { States } from '../engine/states.ts';
import { foldStates } from '../engine/states.ts';
import type { EventStore } from '../eventstore/event-store.ts';
import type { LinksUnderway } from './links-underway.ts';
import { linksUnderway } from './links-underway.ts';

/** How much memory the folded states of leads may take, in bytes. */
const stateBudget = 96 * 1024 * 1024;

/** For how many ms work on many leads goes on before requests that came in meanwhile have their turn. */
const turn = 3;

/** What the flows over several streams work with. */
export type Engine = {
  readonly handle: Handle;
  readonly states: States;
  readonly clock: () => Date;
  /** What the clock says to each rep of a roster. */
  readonly calendar: (roster: RosterState) => Calendar;
  /** To be awaited between pieces of work on many leads, so that others are not kept waiting; those of each project take turns. */
  readonly yieldToOthers: YieldToOthers;
  /** What this process is linking to leads. */
  readonly links: LinksUnderway;
  /** Takes the facts of a stream before a revision out of it, as `EventStore.truncate` does. What is folded of it stays. */
  readonly truncate: EventStore['truncate'];
};

type Dependencies = {
  readonly store: EventStore;
  /** Whether no other process appends to the store. */
  readonly isAlone: boolean;
  readonly snapshots: Snapshots;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** Puts what watches it around what runs commands. */
  readonly observe: (handle: Handle) => Handle;
};

/** Makes what the flows work with over a store. */
export const engineOf = ({ store: log, isAlone, snapshots, clock, newId, observe }: Dependencies): Engine => {
  const { store, states } = doubting(log, foldStates(log, stateBudget, snapshots));
  const calendar = keepCalendar();
  return {
    states: isAlone ? alone(states) : states,
    // After a conflict what is remembered is known to lag: commands look at the store itself.
    handle: observe(handling({ store, states, clock, newId })),
    clock,
    calendar: (roster) => calendar(roster, clock()),
    yieldToOthers: yieldingInTurn(turn),
    links: linksUnderway(),
    truncate: (stream, before) => store.truncate(stream, before),
  };
};
