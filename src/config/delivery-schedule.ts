import { z } from 'zod';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** How many waits there may be, and how long one may be, in ms. */
const most = { waits: 20, wait: 7 * 24 * 3_600_000 } as const;

export const defaultSchedule = '5s,5m,30m,2h,5h,10h';

const waitOf = (text: string): number | undefined => {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  if (count === undefined || (unit !== 'ms' && unit !== 's' && unit !== 'm' && unit !== 'h')) return undefined;
  const wait = Number(count) * units[unit];
  return wait > most.wait ? undefined : wait;
};

/** The setting DELIVERY_SCHEDULE: the waits between attempts, in ms. */
export const deliverySchedule = z.string().transform((text, context): readonly number[] => {
  const entries = text.split(',').map((each) => each.trim());
  const waits = entries.flatMap((entry) => waitOf(entry) ?? []);
  if (waits.length === entries.length && waits.length <= most.waits) return waits;
  const wrong = entries.filter((entry) => waitOf(entry) === undefined).map((entry) => `"${entry}"`);
  const message =
    wrong.length > 0
      ? `${wrong.join(', ')}: not a wait of up to 168h like 500ms, 5s, 30m or 2h; give them with commas between, like ${defaultSchedule}`
      : `has more than ${most.waits} waits`;
  context.addIssue({ code: 'custom', message, input: text });
  return z.NEVER;
});
