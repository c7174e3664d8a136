import { describe, expect, it } from 'vitest';
import type { Schedule, WorkingHours } from '../../src/domain/routing/working-time.ts';
import { addWorkingTime, dayAndWeek, shiftAt, workingTimeBetween } from '../../src/domain/routing/working-time.ts';

const at = (time: string): Date => new Date(`${time}Z`);
const minutes = 60_000;
const hour = 60 * minutes;

const nine = [{ from: '09:00', to: '17:00' }];
const week = { mon: nine, tue: nine, wed: nine, thu: nine, fri: nine };
const office = (more: Partial<WorkingHours> = {}, timeOff: Schedule['timeOff'] = []): Schedule => ({
  hours: { timeZone: 'Europe/Berlin', week, holidays: [], ...more },
  timeOff,
});
const always: Schedule = { timeOff: [] };

describe('A shift', () => {
  it('is on from its first moment to the one before its end, in local time', () => {
    const shifts = [
      '2026-03-10T07:59:59.999',
      '2026-03-10T08:00:00.000',
      '2026-03-10T15:59:59.999',
      '2026-03-10T16:00',
    ];
    expect(shifts.map((time) => shiftAt(office(), at(time)))).toEqual([
      { on: false, until: '2026-03-10T08:00:00.000Z' },
      { on: true, until: '2026-03-10T16:00:00.000Z' },
      { on: true, until: '2026-03-10T16:00:00.000Z' },
      { on: false, until: '2026-03-11T08:00:00.000Z' },
    ]);
  });

  it('begins an hour earlier by UTC when the clocks went forward', () => {
    expect(shiftAt(office(), at('2026-03-28T12:00:00')).until).toBe('2026-03-30T07:00:00.000Z');
    expect(shiftAt(office(), at('2026-10-24T12:00:00')).until).toBe('2026-10-26T08:00:00.000Z');
  });

  it('may go over midnight, into a day without a shift and over a holiday that begins meanwhile', () => {
    const nights = office({ week: { fri: [{ from: '22:00', to: '06:00' }] }, holidays: ['2026-03-14'] });
    expect(shiftAt(nights, at('2026-03-14T02:00:00'))).toEqual({ on: true, until: '2026-03-14T05:00:00.000Z' });
    expect(shiftAt(nights, at('2026-03-14T05:00:00'))).toEqual({ on: false, until: '2026-03-20T21:00:00.000Z' });
  });

  it('lasts as long as it does on the clock when that changes in the night', () => {
    const nights = office({ week: { sat: [{ from: '22:00', to: '06:00' }] } });
    const length = (date: string) =>
      workingTimeBetween(nights, at(`${date}T12:00:00`), new Date(+at(`${date}T12:00:00`) + 24 * hour));
    expect([length('2026-03-21'), length('2026-03-28'), length('2026-10-24')]).toEqual([8 * hour, 7 * hour, 9 * hour]);
  });

  it('that begins in the hour that is left out begins after it', () => {
    const early = office({ week: { sun: [{ from: '02:30', to: '05:00' }] } });
    expect(shiftAt(early, at('2026-03-29T00:00:00')).until).toBe('2026-03-29T01:30:00.000Z');
    const within = office({ week: { sun: [{ from: '02:10', to: '02:50' }] } });
    expect(workingTimeBetween(within, at('2026-03-29T00:00:00'), at('2026-03-30T00:00:00'))).toBe(40 * minutes);
    const backwards = office({ week: { sun: [{ from: '02:30', to: '03:00' }] } });
    expect(workingTimeBetween(backwards, at('2026-03-29T00:00:00'), at('2026-03-30T00:00:00'))).toBe(0);
  });

  it('up to 24:00 ends with the day, and goes on when the next begins at 00:00', () => {
    const late = [{ from: '20:00', to: '24:00' }];
    expect(shiftAt(office({ week: { tue: late } }), at('2026-03-10T20:00:00')).until).toBe('2026-03-10T23:00:00.000Z');
    const both = office({ week: { tue: late, wed: [{ from: '00:00', to: '04:00' }] } });
    expect(shiftAt(both, at('2026-03-10T20:00:00')).until).toBe('2026-03-11T03:00:00.000Z');
    const round = office({ week: { tue: [{ from: '08:00', to: '08:00' }] } });
    expect(shiftAt(round, at('2026-03-10T20:00:00')).until).toBe('2026-03-11T07:00:00.000Z');
  });

  it('is not on during a holiday or time off', () => {
    expect(shiftAt(office({ holidays: ['2026-03-10'] }), at('2026-03-10T12:00:00'))).toEqual({
      on: false,
      until: '2026-03-11T08:00:00.000Z',
    });
    const off = [{ from: '2026-03-10T12:00:00.000Z', to: '2026-03-10T13:00:00.000Z' }];
    const shifts = ['11:00', '12:00', '13:00'].map((time) => shiftAt(office({}, off), at(`2026-03-10T${time}`)));
    expect(shifts.map(({ on }) => on)).toEqual([true, false, true]);
    expect(shiftAt({ timeOff: off }, at('2026-03-10T12:30:00'))).toEqual({ on: false, until: off[0]?.to });
    expect(shiftAt({ timeOff: off }, at('2026-03-10T13:00:00'))).toEqual({ on: true, until: undefined });
  });

  it('is always on without hours, and never in a week without shifts: looked at again in two weeks', () => {
    expect(shiftAt(always, at('2026-03-10T12:00:00'))).toEqual({ on: true, until: undefined });
    expect(shiftAt(office({ week: {} }), at('2026-03-10T12:00:00'))).toEqual({
      on: false,
      until: '2026-03-25T12:00:00.000Z',
    });
  });
});

describe('Working time', () => {
  it('ends where so much of it is over: over a night, a weekend, a holiday, time off, a change of clocks', () => {
    const after = (from: string, amount: number, schedule = office()) =>
      addWorkingTime(schedule, at(from), amount)?.toISOString();
    expect(after('2026-03-10T12:00:00', 30 * minutes)).toBe('2026-03-10T12:30:00.000Z');
    expect(after('2026-03-10T15:50:00', 30 * minutes)).toBe('2026-03-11T08:20:00.000Z');
    expect(after('2026-03-13T15:50:00', 30 * minutes)).toBe('2026-03-16T08:20:00.000Z');
    expect(after('2026-03-27T15:50:00', 30 * minutes)).toBe('2026-03-30T07:20:00.000Z');
    expect(after('2026-03-27T15:50:00', 30 * minutes, office({ holidays: ['2026-03-30'] }))).toBe(
      '2026-03-31T07:20:00.000Z',
    );
    const off = [{ from: '2026-03-10T12:10:00.000Z', to: '2026-03-10T13:10:00.000Z' }];
    expect(after('2026-03-10T12:00:00', 30 * minutes, office({}, off))).toBe('2026-03-10T13:30:00.000Z');
    expect(after('2026-03-10T15:30:00', 30 * minutes)).toBe('2026-03-10T16:00:00.000Z');
    expect(after('2026-01-05T08:00:00', 30 * 8 * hour)).toBe('2026-02-13T16:00:00.000Z');
  });

  it('never ends for who does not work within a year', () => {
    expect(addWorkingTime(office({ week: {} }), at('2026-03-10T12:00:00'), 1)).toBeUndefined();
    const away = [{ from: '2026-01-01T00:00:00.000Z', to: '2028-01-01T00:00:00.000Z' }];
    expect(addWorkingTime({ timeOff: away }, at('2026-03-10T12:00:00'), 1)).toBeUndefined();
  });

  it('is not counted twice where shifts or times off overlap', () => {
    const twice = office({ week: { tue: [...nine, { from: '12:00', to: '18:00' }] } });
    expect(workingTimeBetween(twice, at('2026-03-10T00:00:00'), at('2026-03-11T00:00:00'))).toBe(9 * hour);
    const off = [
      { from: '2026-03-10T09:00:00.000Z', to: '2026-03-10T11:00:00.000Z' },
      { from: '2026-03-10T10:00:00.000Z', to: '2026-03-10T12:00:00.000Z' },
    ];
    expect(workingTimeBetween(office({}, off), at('2026-03-10T00:00:00'), at('2026-03-11T00:00:00'))).toBe(5 * hour);
  });
});

describe('The day and week of a rep', () => {
  it('are local, and a week belongs to the year of its Thursday', () => {
    expect(dayAndWeek('Asia/Tokyo', at('2026-12-31T14:59:59'))).toEqual({ day: '2026-12-31', week: '2026-W53' });
    expect(dayAndWeek('Asia/Tokyo', at('2026-12-31T15:00:00'))).toEqual({ day: '2027-01-01', week: '2026-W53' });
    expect(dayAndWeek('UTC', at('2024-12-30T00:00:00'))).toEqual({ day: '2024-12-30', week: '2025-W01' });
  });
});
