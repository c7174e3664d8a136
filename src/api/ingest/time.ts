import type { Json } from '../../domain/lead/activity.ts';

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?)?$/;

/** A number this small (before March 1973) counts seconds, or nothing at all. */
const leastMillis = 1e11;

const fromIso = (text: string): number | undefined => {
  const parts = iso.exec(text);
  if (!parts) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const millis = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  if (offsetHours > 23 || offsetMinutes > 59) return undefined;
  const local = Date.UTC(year, month - 1, day, hour, minute, second, millis);
  // Date.UTC rolls the 30th of February over into March, and takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(local);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000;
  return parts[8] === '-' ? local + offset : local - offset;
};

/**
 * A time as milliseconds since 1970, or undefined when it is none: ISO 8601 with any offset (without one, or a date alone,
 * it is UTC; finer than milliseconds is cut off), or a whole number of milliseconds. Nothing is before 1970.
 */
export const instantOf = (value: Json): number | undefined => {
  const instant = typeof value === 'string' ? fromIso(value.trim()) : value;
  if (typeof instant !== 'number' || !Number.isSafeInteger(instant) || instant < 0) return undefined;
  return typeof value === 'number' && instant < leastMillis ? undefined : instant;
};

/** Of a number that can only be seconds since 1970, as of 1973 and later, ms; anything else as it is. */
export const millisOf = (value: Json | undefined): Json | undefined =>
  typeof value === 'number' && value >= leastMillis / 1_000 && value < leastMillis ? Math.round(value * 1_000) : value;

/** What `instantOf` understands, for messages. */
export const timesAre =
  'must be an ISO 8601 time like 2026-01-31T09:30:00Z, or whole milliseconds, and not before 1970';
