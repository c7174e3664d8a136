import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTrouble, outcomeOf } from '../../../src/domain/deliveries/outcome.ts';
import { noon } from '../../support/noon.ts';

const schedule = [5_000, 300_000];
const how = { attempt: 1, schedule, now: noon, chance: 0 };
const after = (ms: number): string => new Date(noon.getTime() + ms).toISOString();

describe('An attempt', () => {
  it.each([
    [{ status: 200 }, 'succeeded'],
    [{ status: 204 }, 'succeeded'],
    [{ status: 200, error: 'reset' }, 'retry'],
    [{ status: 301 }, 'retry'],
    [{ status: 400 }, 'failed'],
    [{ status: 404 }, 'failed'],
    [{ status: 408 }, 'retry'],
    [{ status: 425 }, 'retry'],
    [{ status: 429 }, 'retry'],
    [{ status: 500 }, 'retry'],
    [{ error: 'timeout' }, 'retry'],
  ] as const)('with %o has %s', (answer, result) => {
    expect(outcomeOf(answer, how)).toMatchObject({ result, gone: false });
  });

  it('with 410 says that the receiver is gone', () => {
    expect(outcomeOf({ status: 410 }, how)).toEqual({ status: 410, result: 'failed', gone: true });
  });

  it('is followed by another after the wait of its number, up to a tenth later, and by none after the last', () => {
    expect(outcomeOf({ status: 500 }, how).nextAt).toBe(after(5_000));
    expect(outcomeOf({ status: 500 }, { ...how, attempt: 2, chance: 0.5 }).nextAt).toBe(after(315_000));
    expect(outcomeOf({ status: 500 }, { ...how, attempt: 3 })).toEqual({ status: 500, result: 'failed', gone: false });
  });

  it('is followed by another no sooner than the receiver asked for, nor than the schedule says', () => {
    expect(outcomeOf({ status: 429, retryAfterMs: 60_000 }, how).nextAt).toBe(after(60_000));
    expect(outcomeOf({ status: 429, retryAfterMs: 1_000 }, how).nextAt).toBe(after(5_000));
  });

  it('of any answer is over, or tried again later, and an error is kept short', () => {
    const answers = fc.record(
      { status: fc.integer({ min: 100, max: 599 }), error: fc.string({ maxLength: 2_000 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        answers,
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (answer, attempt, chance) => {
          const { result, nextAt, error = '' } = outcomeOf(answer, { ...how, attempt, chance });
          expect(result === 'retry').toBe(nextAt !== undefined && nextAt > noon.toISOString());
          expect(error.length).toBeLessThanOrEqual(512);
          if (result === 'succeeded') expect(isTrouble(answer)).toBe(false);
        },
      ),
    );
  });
});
