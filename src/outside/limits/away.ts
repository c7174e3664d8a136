/** How long after it was away something is not asked, in ms, so that not everybody waits to hear it. */
const again = 5_000;

/** Whether something that all use is away. `monotonic` gives milliseconds by a clock that never steps back. */
export const whetherAway = (monotonic: () => number) => {
  let until = -Infinity;
  return {
    /** Whether it is not asked now. */
    isAway: (): boolean => monotonic() < until,
    /** Somebody asks it: of those who come when it may be back one does, and the others go on without. */
    asked: (): void => {
      if (until > -Infinity) until = monotonic() + again;
    },
    answered: (): void => {
      until = -Infinity;
    },
    failed: (): void => {
      until = monotonic() + again;
    },
  };
};
