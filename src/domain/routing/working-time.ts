import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

const timeOfDay = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'A time of day is HH:MM, up to 24:00');
export const shiftSchema = z.strictObject({ from: timeOfDay, to: timeOfDay });

/** Local times; a shift whose `to` is not after its `from` ends on the next day. */
export const workingHoursSchema = z.strictObject({
  timeZone: z.string().min(1).max(64),
  week: z.partialRecord(z.enum(weekdays), z.array(shiftSchema).max(10)),
  holidays: z.array(z.iso.date()).max(400),
});
export type WorkingHours = Readonly<z.infer<typeof workingHoursSchema>>;

/** When somebody works: in shifts, or always without hours; but not during time off (ISO instants, `to` is the first moment after it). */
export type Schedule = {
  readonly hours?: WorkingHours | undefined;
  readonly timeOff: readonly { readonly from: string; readonly to: string }[];
};

/** A stretch of time, in ms since 1970; `to` is the first moment after it. */
type Stretch = { readonly from: number; readonly to: number };

/** How many days ahead is looked for the next change of a shift, and for the end of what must be worked: first, and at most. */
const [horizon, soon, longest] = [15, 2, 370];

const dayMs = 86_400_000;

const dateAt = (at: number, timeZone: string): Temporal.PlainDate =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();

const beginOf = (date: Temporal.PlainDate, timeZone: string): number =>
  date.toZonedDateTime(timeZone).epochMilliseconds;

/** A day of a calendar; `to` is when the next one begins. */
type Day = Stretch & { readonly date: Temporal.PlainDate };

const sinceMidnight = (time: string): number => (Number(time.slice(0, 2)) * 60 + Number(time.slice(3))) * 60_000;

/** When it is that time of a day. On most days that is so long after midnight; where clocks change, the calendar knows. */
const instantOn = ({ date, from, to }: Day, time: string, timeZone: string): number => {
  if (time === '24:00') return to;
  if (to - from === dayMs) return from + sinceMidnight(time);
  return date.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds;
};

const shiftsOf = ({ week, holidays }: WorkingHours, date: Temporal.PlainDate) => {
  const weekday = weekdays[date.dayOfWeek - 1];
  return weekday === undefined || holidays.includes(date.toString()) ? [] : (week[weekday] ?? []);
};

const shiftsOn = (hours: WorkingHours, day: Day): readonly Stretch[] => {
  const { timeZone } = hours;
  return shiftsOf(hours, day.date).map(({ from, to }) => ({
    from: instantOn(day, from, timeZone),
    to:
      to > from
        ? instantOn(day, to, timeZone)
        : day.date.add({ days: 1 }).toZonedDateTime({ timeZone, plainTime: to }).epochMilliseconds,
  }));
};

/** Stretches in their order, those that touch or overlap as one. */
const joined = (stretches: readonly Stretch[]): readonly Stretch[] => {
  const all: Stretch[] = [];
  for (const each of stretches.toSorted((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last && each.from <= last.to) all[all.length - 1] = { from: last.from, to: Math.max(last.to, each.to) };
    else all.push(each);
  }
  return all;
};

/** The shifts between two moments, in order, each as soon as nothing can belong to it any more. */
function* shiftsBetween(hours: WorkingHours, from: number, to: number): Generator<Stretch> {
  const { timeZone } = hours;
  const today = dateAt(from, timeZone);
  const before = today.subtract({ days: 1 });
  // A shift over midnight began the day before.
  let date = shiftsOf(hours, before).some((shift) => shift.to <= shift.from) ? before : today;
  let open: readonly Stretch[] = [];
  for (let begin = beginOf(date, timeZone); begin < to;) {
    const next = date.add({ days: 1 });
    const end = beginOf(next, timeZone);
    const all = joined([...open, ...shiftsOn(hours, { date, from: begin, to: end })]);
    // What ends in the next day, or as it begins, may go on there.
    yield* all.filter((each) => each.to < end);
    open = all.filter((each) => each.to >= end);
    [date, begin] = [next, end];
  }
  yield* open;
}

/** What is left of a stretch without others, which are in order and apart; says at which of them the next stretch is to begin. */
const without = ({ from, to }: Stretch, off: readonly Stretch[], first: number) => {
  const left: Stretch[] = [];
  let [at, next] = [from, first];
  for (let each = off[next]; each && each.from < to; each = off[next]) {
    if (each.from > at) left.push({ from: at, to: each.from });
    at = Math.max(at, each.to);
    // One that goes on after this stretch may be in the way of the next.
    if (each.to > to) break;
    next += 1;
  }
  if (at < to) left.push({ from: at, to });
  return { left, next };
};

/** The working time of a schedule between two moments, in order. */
function* working({ hours, timeOff }: Schedule, from: number, to: number): Generator<Stretch> {
  const off = joined(
    timeOff
      .map((each) => ({ from: Date.parse(each.from), to: Date.parse(each.to) }))
      .filter((each) => each.from < each.to && each.to > from),
  );
  let first = 0;
  for (const shift of hours ? shiftsBetween(hours, from, to) : [{ from, to }]) {
    const clipped = { from: Math.max(from, shift.from), to: Math.min(to, shift.to) };
    if (clipped.from >= clipped.to) continue;
    const { left, next } = without(clipped, off, first);
    first = next;
    yield* left;
  }
}

/**
 * Whether somebody works, and until when (ISO 8601) that stays so; looks two weeks ahead at most, and says until then when
 * nothing changes. `until` is undefined when nothing ever will.
 */
export const shiftAt = (
  schedule: Schedule,
  now: Date,
): { readonly on: boolean; readonly until: string | undefined } => {
  const at = now.getTime();
  const end = at + horizon * dayMs;
  const ahead = schedule.timeOff.some(({ to }) => Date.parse(to) > at);
  if (!schedule.hours && !ahead) return { on: true, until: undefined };
  const [first] = working(schedule, at, end);
  const on = first?.from === at;
  const change = on ? first.to : (first?.from ?? end);
  return { on, until: new Date(change).toISOString() };
};

/** The stretches within so many days in which somebody works so many ms, and how much was worked before each. */
const stretchesOf = (schedule: Schedule, from: number, most: number, days: number) => {
  const worked: { readonly before: number; readonly stretch: Stretch }[] = [];
  let before = 0;
  for (const stretch of working(schedule, from, from + days * dayMs)) {
    worked.push({ before, stretch });
    before += stretch.to - stretch.from;
    if (before >= most) return { worked, enough: true };
  }
  return { worked, enough: false };
};

/**
 * The moments when somebody has worked so many ms since another, for each of several amounts; undefined for what takes longer
 * than a year. Looks a few days ahead first: most is over by then, and the end of work that never pauses is a year away.
 */
export const afterWorking = (
  schedule: Schedule,
  from: Date,
  amounts: readonly number[],
): readonly (Date | undefined)[] => {
  const most = Math.max(0, ...amounts);
  const begun = from.getTime();
  const near = stretchesOf(schedule, begun, most, soon);
  const { worked } = near.enough ? near : stretchesOf(schedule, begun, most, longest);
  return amounts.map((amount) => {
    const last = worked.find(({ before: done, stretch }) => amount <= done + stretch.to - stretch.from);
    return last && new Date(last.stretch.from + amount - last.before);
  });
};

/** The moment when somebody has worked so many ms since another; undefined when that takes longer than a year. */
export const addWorkingTime = (schedule: Schedule, from: Date, milliseconds: number): Date | undefined =>
  afterWorking(schedule, from, [milliseconds])[0];

/** How many ms somebody works between two moments. */
export const workingTimeBetween = (schedule: Schedule, from: Date, to: Date): number =>
  [...working(schedule, from.getTime(), to.getTime())].reduce((sum, each) => sum + each.to - each.from, 0);

/** The local day (2026-11-21) and ISO week (2026-W47) of a moment. */
export const dayAndWeek = (timeZone: string, now: Date): { readonly day: string; readonly week: string } => {
  const date = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  const { yearOfWeek = date.year, weekOfYear = 0 } = date;
  return { day: date.toString(), week: `${yearOfWeek}-W${String(weekOfYear).padStart(2, '0')}` };
};
