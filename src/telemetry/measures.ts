/** The values of one set of labels. Of a histogram `value` is the sum, and `counts` has how many fell into each bucket, the last one open. */
export type Series = {
  readonly labels: readonly string[];
  readonly value: number;
  readonly counts?: readonly number[] | undefined;
};

/** All that is counted under one name, as plain data: it can be sent from a thread and put together with another's. */
export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** The names of the labels; each series has their values in the same order. */
  readonly labels: readonly string[];
  /** The upper ends of the buckets of a histogram. */
  readonly bounds?: readonly number[] | undefined;
  readonly series: readonly Series[];
};

type Told = { readonly family: () => Family };
/** Counts upward. */
export type Counter = Told & { readonly add: (amount: number, ...labels: readonly string[]) => void };
/** Shares observations out among buckets. */
export type Histogram = Told & { readonly observe: (value: number, ...labels: readonly string[]) => void };

/** More sets of labels than this are not kept apart: a label that nobody meant to grow must not fill the memory. */
const mostSeries = 2_000;

/** The series of an instrument by their labels; what is too many becomes one series of `other`. */
const seriesOf = <S>(names: readonly string[], begin: (labels: readonly string[]) => S) => {
  const all = new Map<string, S>();
  const add = (key: string, labels: readonly string[]): S => {
    const series = begin(labels);
    all.set(key, series);
    return series;
  };
  const others = names.map(() => 'other');
  return {
    all,
    of: (labels: readonly string[]): S => {
      const key = labels.length === 1 ? (labels[0] ?? '') : labels.join('\n');
      const found = all.get(key);
      if (found !== undefined) return found;
      return all.size < mostSeries ? add(key, labels) : (all.get(others.join('\n')) ?? add(others.join('\n'), others));
    },
  };
};

type Count = { readonly labels: readonly string[]; value: number };
type Spread = Count & { readonly counts: number[] };

/**
 * A counter. Adding costs well under a microsecond, where OpenTelemetry's own takes several: a request adds to a dozen
 * instruments. Without labels it begins at 0.
 */
export const counter = (name: string, help: string, labels: readonly string[] = []): Counter => {
  const series = seriesOf<Count>(labels, (values) => ({ labels: values, value: 0 }));
  if (labels.length === 0) series.of([]);
  return {
    add: (amount, ...values) => {
      series.of(values).value += amount;
    },
    family: () => ({ name, help, type: 'counter', labels, series: [...series.all.values()] }),
  };
};

/** From half a millisecond to ten seconds, in seconds. */
const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5, 10];

/** From a hundredth of a second to a day, in seconds: for what waits for people. */
export const untilADay = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 60, 300, 1_800, 3_600, 14_400, 86_400];

/** A histogram of seconds. */
export const histogram = (
  name: string,
  help: string,
  labels: readonly string[] = [],
  bounds: readonly number[] = seconds,
): Histogram => {
  const empty = (values: readonly string[]): Spread => ({
    labels: values,
    value: 0,
    counts: Array.from({ length: bounds.length + 1 }, () => 0),
  });
  const series = seriesOf<Spread>(labels, empty);
  return {
    observe: (value, ...values) => {
      const one = series.of(values);
      one.value += value;
      let bucket = 0;
      while (bucket < bounds.length && value > (bounds[bucket] ?? Infinity)) bucket++;
      one.counts[bucket] = (one.counts[bucket] ?? 0) + 1;
    },
    family: () => ({ name, help, type: 'histogram', labels, bounds, series: [...series.all.values()] }),
  };
};

/** What is looked at when somebody asks, rather than counted. */
export const gauge = (
  name: string,
  help: string,
  labels: readonly string[],
  series: readonly (readonly [value: number, ...labels: readonly string[]])[],
): Family => ({
  name,
  help,
  type: 'gauge',
  labels,
  series: series.map(([value, ...values]) => ({ labels: values, value })),
});

const sum = (a: Series, b: Series): Series => ({
  labels: a.labels,
  value: a.value + b.value,
  ...(a.counts && { counts: a.counts.map((count, index) => count + (b.counts?.[index] ?? 0)) }),
});

/** Puts together what was counted in several places; what has the same name and labels is added up. */
export const together = (families: readonly Family[]): readonly Family[] =>
  [...Map.groupBy(families, ({ name }) => name).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined || same.length === 1) return same;
    const byLabels = Map.groupBy(
      same.flatMap(({ series }) => series),
      ({ labels }) => labels.join('\n'),
    );
    const series = [...byLabels.values()].flatMap(([one, ...others]) => (one ? [others.reduce(sum, one)] : []));
    return [{ ...first, series }];
  });
