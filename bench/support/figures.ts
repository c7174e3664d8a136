/** What a figure must come to: its ratio to the reference where it has one, else its value. */
export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/**
 * What a figure is compared to. `paired` when each run of it was made right beside the one of ours in the same place: then the
 * ratio is the median of the pairs' ratios, and a machine that is slower for a while makes no difference.
 */
export type Reference = { readonly name: string; readonly runs: readonly number[]; readonly paired?: boolean };

/** One thing measured, a value a run. The runs of the reference were made in turn with ours, on the same machine. */
export type Figure = {
  readonly name: string;
  /** Such as `/s`, `ms` or `MB`. */
  readonly unit: string;
  readonly runs: readonly number[];
  readonly reference?: Reference;
  readonly goal?: Goal;
};

/** A figure as it is told: medians, the ratio of ours to the reference, and whether the goal is reached. */
export type Told = {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly reference?: { readonly name: string; readonly median: number };
  readonly ratio?: number;
  readonly goal?: Goal;
  readonly reached?: boolean;
};

/** The middle of some numbers; of an even count the mean of the two in the middle. Throws when there are none. */
export const medianOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new Error('There is no run to take the median of');
  return (low + high) / 2;
};

/** The least value that a share of the values, of 1, doesn't exceed; not a number when there are none. */
export const shareOf = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] ?? NaN;

const isReached = (goal: Goal, value: number): boolean =>
  'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;

const ratioOf = (runs: readonly number[], { runs: others, paired }: Reference): number =>
  paired ? medianOf(runs.map((run, index) => run / (others[index] ?? NaN))) : medianOf(runs) / medianOf(others);

export const told = ({ name, unit, runs, reference, goal }: Figure): Told => {
  const median = medianOf(runs);
  const other = reference && { name: reference.name, median: medianOf(reference.runs) };
  const ratio = reference && ratioOf(runs, reference);
  return {
    name,
    unit,
    median,
    least: Math.min(...runs),
    most: Math.max(...runs),
    ...(other && { reference: other, ratio: ratio ?? 0 }),
    ...(goal && { goal, reached: isReached(goal, ratio ?? median) }),
  };
};
