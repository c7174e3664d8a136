/** One value of a page of metrics in the format of Prometheus. */
export type Sample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};

/** The values on a page of metrics. Lines that are none, such as comments, are left out. */
export const samplesIn = (page: string): readonly Sample[] =>
  page.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text]);
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }];
  });

/** The values of a name, of whatever labels. */
export const valuesOf = (samples: readonly Sample[], name: string): readonly number[] =>
  samples.filter((sample) => sample.name === name).map(({ value }) => value);
