import type { Rep } from './roster-events.ts';
import type { RosterState } from './roster.ts';
import { dayAndWeek, shiftAt } from './working-time.ts';

/** What the clock says to a rep: whether it is on shift, and which day and week it has. */
export type RepTime = { readonly on: boolean; readonly day: string; readonly week: string };

/** What the clock says to each rep of a roster, by id. */
export type Calendar = ReadonlyMap<string, RepTime>;

/** Days begin at a quarter of an hour everywhere on earth, in ms. */
const quarter = 900_000;

const timeOf = ({ hours, timeOff }: Rep, now: Date): RepTime & { readonly until: number } => {
  const { on, until } = shiftAt({ hours, timeOff }, now);
  const nextQuarter = (Math.floor(now.getTime() / quarter) + 1) * quarter;
  return {
    on,
    ...dayAndWeek(hours?.timeZone ?? 'UTC', now),
    until: Math.min(until === undefined ? Infinity : Date.parse(until), nextQuarter),
  };
};

/** Tells reps the time. What holds for a while is computed once: a decision asks for all reps. */
export const keepCalendar = (): ((roster: RosterState, now: Date) => Calendar) => {
  const known = new WeakMap<Rep, RepTime & { readonly from: number; readonly until: number }>();
  return ({ reps }, now) => {
    const at = now.getTime();
    const tell = (rep: Rep): RepTime => {
      const before = known.get(rep);
      if (before && before.from <= at && at < before.until) return before;
      const told = { ...timeOf(rep, now), from: at };
      known.set(rep, told);
      return told;
    };
    return new Map([...reps.values()].map((rep) => [rep.repId, tell(rep)]));
  };
};
