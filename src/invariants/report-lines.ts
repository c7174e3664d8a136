import type { Report } from './report.ts';

const grouped = (value: number): string => value.toLocaleString('en-US');

/** Lines of cells that stand under each other, numbers to the right. */
const table = (rows: readonly (readonly string[])[]): readonly string[] => {
  const width = (column: number): number => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 1 ? cell.padEnd(widths[1] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
};

const exampleLines = ({ id, examples, violations }: Report['invariants'][number]): readonly string[] => {
  if (examples.length === 0) return [];
  const lines = examples.map(({ why, ...where }) => {
    const place = Object.entries(where).map(([name, value]) => `${name} ${String(value)}`);
    return `   ${[...place, why].join(', ')}`;
  });
  const more = violations > examples.length ? [`   and ${grouped(violations - examples.length)} more`] : [];
  return ['', `Violations of ${id}:`, ...lines, ...more];
};

/** A report as lines for a terminal; the position is not told to everybody who asks a server. */
export const reportLines = (
  report: Omit<Report, 'position'> & { readonly position?: number | undefined },
): readonly string[] => {
  const rows = report.invariants.map(({ id, name, checked, violations }) => {
    return [String(id), name, grouped(checked), grouped(violations)];
  });
  const { status, leads, activities, took, position } = report;
  const place = position === undefined ? '' : `, at position ${grouped(position)}`;
  const checkedIn = `${grouped(leads)} leads with ${grouped(activities)} activities${place}`;
  return [
    ...table([['', 'invariant', 'checked', 'violations'], ...rows]),
    ...report.invariants.flatMap(exampleLines),
    '',
    `${status === 'healthy' ? 'Healthy' : 'VIOLATED'}: ${checkedIn}, in ${(took / 1_000).toFixed(1)} s`,
  ];
};
