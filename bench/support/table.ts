import type { Goal, Told } from './figures.ts';

const columns = ['figure', 'ours', 'reference', 'ratio', 'goal', 'reached'] as const;

/** A number as people read it: three digits that count, and thousands apart. */
export const shown = (value: number): string => {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
};

/** A number with its unit: `7,800/s`, `12.5 ms`. */
export const withUnit = (value: number, unit: string): string =>
  unit.startsWith('/') ? shown(value) + unit : `${shown(value)} ${unit}`;

const goalOf = (goal: Goal | undefined, what: string): string => {
  if (!goal) return '';
  return 'atLeast' in goal ? `${what} ≥ ${shown(goal.atLeast)}` : `${what} ≤ ${shown(goal.atMost)}`;
};

const cellsOf = ({ name, unit, median, least, most, reference, ratio, goal, reached }: Told): string[] => {
  return [
    name,
    `${withUnit(median, unit)} (${shown(least)}–${shown(most)})`,
    reference ? `${withUnit(reference.median, unit)} (${reference.name})` : '',
    ratio === undefined ? '' : shown(ratio),
    goalOf(goal, ratio === undefined ? 'value' : 'ratio'),
    reached === undefined ? '' : reached ? 'yes' : 'no',
  ];
};

const padded = (figures: readonly Told[]) => {
  const rows = [[...columns], ...figures.map(cellsOf)];
  const widths = columns.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  return { widths, rows: rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0))) };
};

/** Figures as a table for a terminal. */
export const plainTable = (figures: readonly Told[]): string =>
  padded(figures)
    .rows.map((row) => row.join('  ').trimEnd())
    .join('\n');

/** Figures as a Markdown table, padded as Prettier does. */
export const markdownTable = (figures: readonly Told[]): string => {
  const { widths, rows } = padded(figures);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
};
