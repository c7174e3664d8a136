import type { DeliveryEvent } from './delivery.ts';

/** What became of an attempt: what was answered, or why nothing was. */
export type Answer = {
  readonly status?: number | undefined;
  readonly error?: string | undefined;
  /** For how long the receiver asks not to be told again, in ms. */
  readonly retryAfterMs?: number;
};

/** What an attempt comes to: `nextAt` says when it is tried again, ISO 8601. */
export type Outcome = Pick<
  Extract<DeliveryEvent, { type: 'DeliveryAttempted' }>['data'],
  'result' | 'nextAt' | 'status' | 'error'
> & {
  /** Whether the receiver said that it is gone for good. */
  readonly gone: boolean;
};

/** After how long without anything but failures an endpoint is disabled, in ms. */
export const failingForMs = 5 * 24 * 3_600_000;

/** After how many failures in a row nothing is sent to an endpoint for how long, in ms, but for one that tries it. */
export const circuitLimits = { failures: 5, openForMs: 10_000 } as const;

const longestError = 512;

const isSuccess = ({ status, error }: Answer): boolean =>
  status !== undefined && status >= 200 && status < 300 && error === undefined;

const notYet: readonly number[] = [408, 425, 429];

/** Whether a receiver understood and says no: that it is told again changes nothing. */
const isRefusal = ({ status = 0 }: Answer): boolean => status >= 400 && status < 500 && !notYet.includes(status);

/** Whether something is wrong with a receiver, as others that are told to it would find as well. */
export const isTrouble = (answer: Answer): boolean => !isSuccess(answer) && !isRefusal(answer);

/**
 * What an attempt comes to. `schedule` has the waits between attempts, in ms; `chance` is from 0 to 1, and lengthens a wait by up
 * to a tenth, so that many do not come again at once. A receiver that asks for a longer wait gets it.
 */
export const outcomeOf = (
  answer: Answer,
  {
    attempt,
    schedule,
    now,
    chance,
  }: {
    readonly attempt: number;
    readonly schedule: readonly number[];
    readonly now: Date;
    readonly chance: number;
  },
): Outcome => {
  const { status, error } = answer;
  const said = {
    ...(status !== undefined && { status }),
    ...(error !== undefined && { error: error.slice(0, longestError) }),
  };
  if (isSuccess(answer)) return { ...said, result: 'succeeded', gone: false };
  const wait = isRefusal(answer) ? undefined : schedule[attempt - 1];
  if (wait === undefined) return { ...said, result: 'failed', gone: status === 410 };
  const ms = Math.max(Math.round(wait * (1 + chance / 10)), answer.retryAfterMs ?? 0);
  return { ...said, result: 'retry', nextAt: new Date(now.getTime() + ms).toISOString(), gone: false };
};
