import type { Rep } from './roster-events.ts';
import type { RosterState } from './roster.ts';
import { dayAndWeek, shiftAt } from './working-time.ts';

/** What the clock says to a rep: whether it is on shift, and which day and week it has. */
export type RepTime = { readonly on: boolean; readonly day: string; readonly week: string };

/** What the clock says to each rep of a roster, by id. */
export type Calendar = ReadonlyMap<string, RepTime>;

/** Days begin at a quarter of an hour everywhere on earth, in ms. */
const quarter = 900_000;

/** From when on something holds, and when it no longer does, in ms since 1970. */
type Period = { readonly from: number; readonly until: number };

const timeOf = ({ hours, timeOff }: Rep, now: Date): RepTime & Period => {
  const { on, until } = shiftAt({ hours, timeOff }, now);
  const nextQuarter = (Math.floor(now.getTime() / quarter) + 1) * quarter;
  return {
    on,
    ...dayAndWeek(hours?.timeZone ?? 'UTC', now),
    from: now.getTime(),
    until: Math.min(until === undefined ? Infinity : Date.parse(until), nextQuarter),
  };
};

/** Gives what holds of something at a time, computed again only when it no longer holds. */
const whileItHolds = <K extends object, V extends Period>(
  compute: (of: K, at: Date) => V,
): ((of: K, at: Date) => V) => {
  const known = new WeakMap<K, V>();
  return (of, at) => {
    const time = at.getTime();
    const before = known.get(of);
    if (before && before.from <= time && time < before.until) return before;
    const now = compute(of, at);
    known.set(of, now);
    return now;
  };
};

/** Tells reps the time. What holds for a while is computed once: many decisions ask for all reps. */
export const keepCalendar = (): ((roster: RosterState, now: Date) => Calendar) => {
  const timeAt = whileItHolds(timeOf);
  const calendarAt = whileItHolds((reps: RosterState['reps'], now: Date) => {
    const times = [...reps.values()].map((rep) => [rep.repId, timeAt(rep, now)] as const);
    const until = times.reduce((first, [, time]) => Math.min(first, time.until), Infinity);
    return { calendar: new Map(times), from: now.getTime(), until };
  });
  return ({ reps }, now) => calendarAt(reps, now).calendar;
};
