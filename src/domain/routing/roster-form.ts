import { z } from 'zod';
import { isoTime } from '../lead/activity.ts';
import { boundedList, repeatedAt } from '../bounded.ts';
import { languageOf, languageTag } from '../conditions/language.ts';
import { repSchema, rosterId, teamSchema } from './roster-events.ts';
import type { Weekday, WorkingHours } from './working-time.ts';
import { shiftSchema, weekdays, workingHoursSchema } from './working-time.ts';

const { name } = teamSchema.shape;
const { shape: rep } = repSchema;
const text = rep.name;

/** How much there may be in a roster that is asked for. What was recorded before may be more, and stays. */
export const rosterLimits = {
  /** Teams of a project. */
  teams: 200,
  /** Reps of a project who have not left, and all that it ever had. */
  reps: 1_000,
  repsEver: 5_000,
  /** Teams of a rep. */
  teamsOfRep: 50,
  /** Skills, and industries, and languages of a rep. */
  skills: 100,
  /** Regions of a rep or a team: there are about 250 countries. */
  regions: 300,
  /** Shifts of a day. */
  shifts: 10,
  /** Holidays, and times off, of a rep. */
  daysOff: 400,
  /** What is in the lists of all reps and teams of a project together. */
  entries: 100_000,
  /** Bytes of a rep or a team as JSON, and of the body that asks for one. */
  bytes: 32_768,
} as const;

const uniqueOf = <T extends z.ZodType<string>>(item: T, most: number) =>
  boundedList(item, most).transform((given) => [...new Set(given)]);

const isTimeZone = (timeZone: string): boolean => {
  try {
    // Offsets such as +01:00 are no zones: they know no summer time.
    return /^[A-Za-z]/.test(timeZone) && new Intl.DateTimeFormat('en', { timeZone }).format(0) !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
};

/** A time of day in minutes; 24:00 of an end that is on the next day comes after all of this one. */
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

type Shift = { readonly from: string; readonly to: string };

const shiftFault = (shift: Shift, before: Shift | undefined): string | undefined => {
  if (shift.from === '24:00') return 'A shift begins at 23:59 at the latest';
  if (!before) return undefined;
  const end = before.to > before.from ? minutesOf(before.to) : 24 * 60;
  return minutesOf(shift.from) < end ? 'Shifts of a day are in their order, and do not overlap' : undefined;
};

const complain = (context: z.RefinementCtx, path: (string | number)[], message: string): void =>
  context.addIssue({ code: 'custom', path, message });

const mustBeOrderly = ({ timeZone, week }: WorkingHours, context: z.RefinementCtx): void => {
  if (!isTimeZone(timeZone))
    complain(context, ['timeZone'], 'A time zone has a name of the IANA list, such as Europe/Berlin');
  const days = weekdays.flatMap((day): readonly (readonly [Weekday, readonly Shift[]])[] => [[day, week[day] ?? []]]);
  for (const [day, shifts] of days) {
    shifts.forEach((shift, at) => {
      const fault = shiftFault(shift, shifts[at - 1]);
      if (fault !== undefined) complain(context, ['week', day, at, 'from'], fault);
    });
  }
};

const hours = z
  .strictObject({
    timeZone: workingHoursSchema.shape.timeZone,
    week: z.partialRecord(z.enum(weekdays), boundedList(z.strictObject(shiftSchema.shape), rosterLimits.shifts)),
    holidays: uniqueOf(workingHoursSchema.shape.holidays.element, rosterLimits.daysOff).default([]),
  })
  .superRefine(mustBeOrderly)
  .describe('Local times. A shift whose `to` is not after its `from` ends on the next day.');

/** A moment with a time zone, as it is kept: in UTC with milliseconds. */
const moment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text).toISOString())
  .pipe(isoTime);

const timeOff = boundedList(
  z
    .strictObject({ from: moment, to: moment })
    .refine(({ from, to }) => from < to, { path: ['to'], message: 'Time off ends after it begins' }),
  rosterLimits.daysOff,
);

const skills = boundedList(z.strictObject(rep.skills.element.shape), rosterLimits.skills).superRefine(
  (given, context) => {
    for (const at of repeatedAt(given.map(({ skill }) => skill.trim().toLowerCase())))
      complain(context, [at, 'skill'], 'The skill is named twice; say its level once');
  },
);

const regions = uniqueOf(text, rosterLimits.regions);
const language = text.transform((said, context) => {
  const tag = languageTag(said);
  if (tag !== undefined) return tag;
  const code = languageOf(said);
  const advice = code === undefined ? 'say its code, such as en or de-AT (BCP 47)' : `say ${code}`;
  context.addIssue({ code: 'custom', message: `Not the code of a language: ${advice}` });
  return z.NEVER;
});
const [languages, industries] = [uniqueOf(language, rosterLimits.skills), uniqueOf(text, rosterLimits.skills)];
const teamIds = uniqueOf(rosterId, rosterLimits.teamsOfRep);

const email = z.email().max(256);

/** What a new team is asked for with. */
export const teamForm = z.strictObject({
  name,
  regions: regions.default([]),
  leadRepId: rosterId.optional(),
});

/** What may be changed of a team: what is left out stays, `null` takes away. */
export const teamChanges = z.strictObject({
  name: name.optional(),
  regions: regions.optional(),
  leadRepId: rosterId.nullable().optional(),
});
export type TeamChanges = Readonly<z.infer<typeof teamChanges>>;

/** What a new rep is asked for with. */
export const repForm = z.strictObject({
  name: rep.name,
  email: email.optional(),
  teamIds: teamIds.default([]),
  status: rep.status.default('active'),
  skills: skills.default([]),
  languages: languages.default([]),
  regions: regions.default([]),
  industries: industries.default([]),
  weight: rep.weight.default(1),
  capacity: rep.capacity.default(20),
  perDay: rep.perDay,
  perWeek: rep.perWeek,
  hours: hours.optional(),
  timeOff: timeOff.default([]),
});

/** What may be changed of a rep: what is left out stays, `null` takes away, a list is replaced as a whole. */
export const repChanges = z.strictObject({
  name: rep.name.optional(),
  email: email.nullable().optional(),
  teamIds: teamIds.optional(),
  status: rep.status.optional(),
  skills: skills.optional(),
  languages: languages.optional(),
  regions: regions.optional(),
  industries: industries.optional(),
  weight: rep.weight.optional(),
  capacity: rep.capacity.optional(),
  perDay: rep.perDay.nullable(),
  perWeek: rep.perWeek.nullable(),
  hours: hours.nullable().optional(),
  timeOff: timeOff.optional(),
});
export type RepChanges = Readonly<z.infer<typeof repChanges>>;

/** A team or a rep with some parts changed; `null` takes a part away. */
export const withChanges = <S extends z.ZodType>(schema: S, before: object, changes: object): z.infer<S> =>
  schema.parse(
    Object.fromEntries(
      Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null && value !== undefined),
    ),
  );
