import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

const timeOfDay = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'A time of day is HH:MM, up to 24:00');
export const shiftSchema = z.object({ from: timeOfDay, to: timeOfDay });

/** Local times; a shift whose `to` is not after its `from` ends on the next day. */
export const workingHoursSchema = z.object({
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

/** How many days ahead is looked for the next change of a shift, and for the end of what must be worked. */
const [horizon, longest] = [15, 370];

const dayMs = 86_400_000;

const instantOf = (date: Temporal.PlainDate, time: string, timeZone: string): number =>
  time === '24:00'
    ? date.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds
    : date.toZonedDateTime({ timeZone, plainTime: time }).epochMilliseconds;

const shiftsOn = ({ timeZone, week, holidays }: WorkingHours, date: Temporal.PlainDate): readonly Stretch[] => {
  const weekday = weekdays[date.dayOfWeek - 1];
  if (weekday === undefined || holidays.includes(date.toString())) return [];
  return (week[weekday] ?? []).map(({ from, to }) => ({
    from: instantOf(date, from, timeZone),
    to: instantOf(to > from ? date : date.add({ days: 1 }), to, timeZone),
  }));
};

/** What is left of a stretch without another one. */
const without = ({ from, to }: Stretch, off: Stretch): readonly Stretch[] => {
  if (off.to <= from || off.from >= to) return [{ from, to }];
  return [
    { from, to: Math.min(to, off.from) },
    { from: Math.max(from, off.to), to },
  ].filter((each) => each.from < each.to);
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

/** The working time of a schedule between two moments. */
const working = ({ hours, timeOff }: Schedule, from: number, to: number): readonly Stretch[] => {
  const shifts: Stretch[] = [];
  if (hours) {
    const { timeZone } = hours;
    const dateAt = (at: number) =>
      Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
    const last = dateAt(to);
    // A shift over midnight began the day before.
    for (
      let date = dateAt(from).subtract({ days: 1 });
      Temporal.PlainDate.compare(date, last) <= 0;
      date = date.add({ days: 1 })
    )
      shifts.push(...shiftsOn(hours, date));
  } else shifts.push({ from, to });
  const off = timeOff.map((each) => ({ from: Date.parse(each.from), to: Date.parse(each.to) }));
  return off
    .reduce((left, each) => left.flatMap((one) => without(one, each)), joined(shifts))
    .map((each) => ({ from: Math.max(from, each.from), to: Math.min(to, each.to) }))
    .filter((each) => each.from < each.to);
};

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

/**
 * The moments when somebody has worked so many ms since another, for each of several amounts; undefined for what takes longer
 * than a year. Looks no further ahead than needed: most is over in two days.
 */
export const afterWorking = (
  schedule: Schedule,
  from: Date,
  amounts: readonly number[],
): readonly (Date | undefined)[] => {
  const most = Math.max(0, ...amounts);
  const [begun, end] = [from.getTime(), from.getTime() + longest * dayMs];
  const worked: { readonly before: number; readonly stretch: Stretch }[] = [];
  let before = 0;
  for (
    let [at, days] = [begun, 2];
    at < end && (before < most || worked.length === 0);
    [at, days] = [at + days * dayMs, 7]
  ) {
    for (const stretch of working(schedule, at, Math.min(end, at + days * dayMs))) {
      worked.push({ before, stretch });
      before += stretch.to - stretch.from;
    }
  }
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
  working(schedule, from.getTime(), to.getTime()).reduce((sum, each) => sum + each.to - each.from, 0);

/** The local day (2026-11-21) and ISO week (2026-W47) of a moment. */
export const dayAndWeek = (timeZone: string, now: Date): { readonly day: string; readonly week: string } => {
  const date = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  const { yearOfWeek = date.year, weekOfYear = 0 } = date;
  return { day: date.toString(), week: `${yearOfWeek}-W${String(weekOfYear).padStart(2, '0')}` };
};
