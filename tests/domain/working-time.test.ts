import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Schedule, WorkingHours } from '../../src/domain/routing/working-time.ts';
import {
  addWorkingTime,
  afterWorking,
  dayAndWeek,
  shiftAt,
  weekdays,
  workingTimeBetween,
} from '../../src/domain/routing/working-time.ts';

const [minute, hour] = [60_000, 3_600_000];

const nineToFive = (timeZone: string, more: Partial<WorkingHours> = {}): Schedule => ({
  hours: {
    timeZone,
    holidays: [],
    week: Object.fromEntries(weekdays.slice(0, 5).map((day) => [day, [{ from: '09:00', to: '17:00' }]])),
    ...more,
  },
  timeOff: [],
});

const berlin = nineToFive('Europe/Berlin');
const at = (text: string): Date => new Date(text);

describe('Working time', () => {
  it.each([
    ['within a shift', berlin, '2026-03-10T09:00:00Z', 30, '2026-03-10T09:30:00.000Z'],
    ['from before a shift on', berlin, '2026-03-10T03:00:00Z', 30, '2026-03-10T08:30:00.000Z'],
    ['to the very end of a shift', berlin, '2026-03-10T15:30:00Z', 30, '2026-03-10T16:00:00.000Z'],
    ['over the night', berlin, '2026-03-10T15:45:00Z', 30, '2026-03-11T08:15:00.000Z'],
    ['over the weekend', berlin, '2026-03-13T15:45:00Z', 30, '2026-03-16T08:15:00.000Z'],
    ['over the weekend in which clocks go forward', berlin, '2026-03-27T15:45:00Z', 30, '2026-03-30T07:15:00.000Z'],
    ['over the weekend in which clocks go back', berlin, '2026-10-23T14:45:00Z', 30, '2026-10-26T08:15:00.000Z'],
    [
      'over a holiday',
      nineToFive('Europe/Berlin', { holidays: ['2026-03-11'] }),
      ...(['2026-03-10T15:45:00Z', 30, '2026-03-12T08:15:00.000Z'] as const),
    ],
    [
      'over time off',
      { ...berlin, timeOff: [{ from: '2026-03-10T10:00:00.000Z', to: '2026-03-10T11:00:00.000Z' }] },
      ...(['2026-03-10T09:50:00Z', 30, '2026-03-10T11:20:00.000Z'] as const),
    ],
    [
      'through midnight',
      nineToFive('Europe/Berlin', { week: { tue: [{ from: '22:00', to: '06:00' }] } }),
      ...(['2026-03-10T22:50:00Z', 30, '2026-03-10T23:20:00.000Z'] as const),
    ],
    [
      'until midnight',
      nineToFive('Europe/Berlin', { week: { tue: [{ from: '23:00', to: '24:00' }] } }),
      ...(['2026-03-10T22:50:00Z', 30, '2026-03-17T22:20:00.000Z'] as const),
    ],
    ['without hours: always', { timeOff: [] }, '2026-03-14T23:45:00Z', 30, '2026-03-15T00:15:00.000Z'],
  ] as readonly [string, Schedule, string, number, string][])('%s', (_, schedule, from, minutes, expected) => {
    expect(addWorkingTime(schedule, at(from), minutes * minute)?.toISOString()).toBe(expected);
  });

  it('of somebody who never works is never over', () => {
    expect(addWorkingTime(nineToFive('Europe/Berlin', { week: {} }), at('2026-03-10T09:00:00Z'), minute)).toBe(
      undefined,
    );
    expect(shiftAt(nineToFive('Europe/Berlin', { week: {} }), at('2026-03-10T09:00:00Z'))).toMatchObject({ on: false });
  });
});

describe('A shift', () => {
  it.each([
    ['2026-03-10T07:59:59.999Z', false, '2026-03-10T08:00:00.000Z'],
    ['2026-03-10T08:00:00.000Z', true, '2026-03-10T16:00:00.000Z'],
    ['2026-03-10T15:59:59.999Z', true, '2026-03-10T16:00:00.000Z'],
    ['2026-03-10T16:00:00.000Z', false, '2026-03-11T08:00:00.000Z'],
    ['2026-03-13T16:00:00.000Z', false, '2026-03-16T08:00:00.000Z'],
  ])('is, or is not, at %s, and until when that is so is known', (now, on, until) => {
    expect(shiftAt(berlin, at(now))).toEqual({ on, until });
  });

  it('is always on for who has neither hours nor time off', () => {
    expect(shiftAt({ timeOff: [] }, at('2026-03-10T03:00:00Z'))).toEqual({ on: true, until: undefined });
  });
});

it.each([
  ['Europe/Berlin', '2026-01-01T00:30:00Z', '2026-01-01', '2026-W01'],
  ['America/New_York', '2026-01-01T00:30:00Z', '2025-12-31', '2026-W01'],
  ['Pacific/Auckland', '2027-01-03T12:00:00Z', '2027-01-04', '2027-W01'],
  ['UTC', '2027-01-03T12:00:00Z', '2027-01-03', '2026-W53'],
])('Where it is %s, %s is on %s in %s', (timeZone, now, day, week) => {
  expect(dayAndWeek(timeZone, at(now))).toEqual({ day, week });
});

const zones = ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'] as const;
const time = fc.integer({ min: 0, max: 47 }).map((half) => {
  return `${String(Math.floor(half / 2)).padStart(2, '0')}:${half % 2 === 0 ? '00' : '30'}`;
});
const shift = fc.record({ from: time, to: fc.oneof(time, fc.constant('24:00')) }).filter(({ from, to }) => from !== to);
// Clocks change somewhere in these weeks.
const moment = fc
  .tuple(
    fc.constantFrom('2026-03-06T00:00:00Z', '2026-03-27T00:00:00Z', '2026-04-03T00:00:00Z', '2026-10-30T00:00:00Z'),
    fc.nat(4 * 24 * 2),
  )
  .map(([start, halves]) => new Date(Date.parse(start) + halves * 30 * minute));
const schedules = fc
  .record({
    timeZone: fc.constantFrom(...zones),
    shifts: fc.array(fc.tuple(fc.constantFrom(...weekdays), shift), { maxLength: 8 }),
    off: fc.array(fc.tuple(moment, fc.nat(20)), { maxLength: 2 }),
  })
  .map(({ timeZone, shifts, off }): Schedule => {
    const week: Record<string, { from: string; to: string }[]> = {};
    for (const [day, each] of shifts) (week[day] ??= []).push(each);
    return {
      hours: { timeZone, week, holidays: ['2026-03-30'] },
      timeOff: off.map(([from, hours]) => ({
        from: from.toISOString(),
        to: new Date(from.getTime() + hours * hour).toISOString(),
      })),
    };
  });

/** Whether somebody works at a moment, by what a clock on the wall shows; the hour that is twice, or missing, is left out. */
const worksAt = ({ hours, timeOff }: Schedule, now: Date): boolean => {
  if (!hours || timeOff.some(({ from, to }) => now >= new Date(from) && now < new Date(to))) return false;
  const wall = (then: Date): { day: string; weekday: string; time: string } => {
    const parts = new Intl.DateTimeFormat('en-CA', {
      timeZone: hours.timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    }).formatToParts(then);
    const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
    return {
      day: `${part('year')}-${part('month')}-${part('day')}`,
      weekday: part('weekday').toLowerCase().slice(0, 3),
      time: `${part('hour')}:${part('minute')}`,
    };
  };
  const [here, before] = [wall(now), wall(new Date(now.getTime() - 24 * hour))];
  const of = (weekday: string) => Object.entries(hours.week).find(([each]) => each === weekday)?.[1] ?? [];
  const today =
    !hours.holidays.includes(here.day) &&
    of(here.weekday).some(({ from, to }) => here.time >= from && (here.time < to || to <= from));
  const since =
    !hours.holidays.includes(before.day) && of(before.weekday).some(({ from, to }) => to <= from && here.time < to);
  return today || since;
};

/** Whether clocks change within two days of a moment: then a clock on the wall does not tell all. */
const clocksChange = (timeZone: string, now: Date): boolean => {
  const offset = (then: number): string =>
    new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' }).format(then).split(', ')[1] ?? '';
  return new Set([-48, -24, 0, 24, 48].map((hours) => offset(now.getTime() + hours * hour))).size > 1;
};

describe('Any schedule', () => {
  it('says the same of a moment as a clock on the wall', () => {
    fc.assert(
      fc.property(schedules, moment, (schedule, now) => {
        fc.pre(!clocksChange(schedule.hours?.timeZone ?? 'UTC', now));
        expect(shiftAt(schedule, now).on).toBe(worksAt(schedule, now));
      }),
      { numRuns: 500 },
    );
  });

  it('changes when it says, and not before', () => {
    fc.assert(
      fc.property(
        schedules,
        moment,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (schedule, now, share) => {
          const { on, until = '' } = shiftAt(schedule, now);
          const end = Date.parse(until);
          const between = new Date(now.getTime() + Math.floor(share * (end - now.getTime())));
          expect(shiftAt(schedule, between).on).toBe(on);
          const last = end - now.getTime() >= 14 * 24 * hour;
          if (!last) expect(shiftAt(schedule, new Date(end)).on).toBe(!on);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('has worked as long as was asked for, and not a moment less, whichever amounts are asked for together', () => {
    fc.assert(
      fc.property(
        schedules,
        moment,
        fc.array(fc.integer({ min: 1, max: 30 * hour }), { minLength: 1, maxLength: 4 }),
        (schedule, from, amounts) => {
          const found = afterWorking(schedule, from, amounts);
          for (const [index, amount] of amounts.entries()) {
            const end = found[index];
            if (!end) {
              expect(workingTimeBetween(schedule, from, new Date(from.getTime() + 369 * 24 * hour))).toBeLessThan(
                amount,
              );
              continue;
            }
            expect(workingTimeBetween(schedule, from, end)).toBe(amount);
            expect(workingTimeBetween(schedule, from, new Date(end.getTime() - 1))).toBe(amount - 1);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is as long in parts as in one', () => {
    fc.assert(
      fc.property(schedules, moment, fc.nat(72), fc.nat(72), (schedule, from, a, b) => {
        const [middle, end] = [from.getTime() + a * hour, from.getTime() + (a + b) * hour].map(
          (each) => new Date(each),
        );
        if (!middle || !end) return;
        expect(workingTimeBetween(schedule, from, middle) + workingTimeBetween(schedule, middle, end)).toBe(
          workingTimeBetween(schedule, from, end),
        );
      }),
      { numRuns: 200 },
    );
  });
});
