import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from './benchmark.ts';
import { chartOf } from './chart.ts';
import type { Told } from './figures.ts';
import { markdownTable } from './table.ts';

/** What was measured for one benchmark, when, where and how. `date` is ISO 8601, without the time. */
export type Measured = {
  readonly date: string;
  readonly machine: string;
  readonly command: string;
  readonly figures: readonly Told[];
};

/** The newest results by the names of the benchmarks. */
export type Results = Readonly<Record<string, Measured>>;

type Named = Pick<Benchmark, 'name' | 'about'>;

const marks = ['<!-- results: written by npm run bench -- --write -->', '<!-- end of results -->'] as const;

const sectionOf = ({ name, about }: Named, { figures, ...how }: Measured): string =>
  `### ${name}

${about}. Measured on ${how.date} by \`${how.command}\`.

${markdownTable(figures)}

![${name}: ours, the reference and the goal](performance/${name}.svg)`;

/** The results as Markdown: the machines, and a table for each benchmark in the order of the list. */
export const resultsText = (benchmarks: readonly Named[], results: Results): string => {
  const found = benchmarks.flatMap((benchmark) => {
    const measured = Object.hasOwn(results, benchmark.name) ? results[benchmark.name] : undefined;
    return measured ? [{ benchmark, measured }] : [];
  });
  const machines = [...new Set(found.map(({ measured }) => measured.machine))].map((machine) => {
    const names = found.filter(({ measured }) => measured.machine === machine).map(({ benchmark }) => benchmark.name);
    return `- ${machine}: ${names.join(', ')}`;
  });
  const sections = found.map(({ benchmark, measured }) => sectionOf(benchmark, measured));
  return [machines.join('\n'), ...sections].join('\n\n');
};

/** A page with the text between its two marks replaced. Throws when it hasn't got the marks. */
export const withResults = (page: string, text: string, [begin, end]: readonly [string, string] = marks): string => {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`The page has no place for results; put "${begin}" and "${end}" in it`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
};

/** Replaces what was measured before by what was measured now, and keeps the rest; draws the charts. `docs` is the folder. */
export const writeResults = (docs: string, benchmarks: readonly Named[], measured: Results): void => {
  const folder = join(docs, 'performance');
  mkdirSync(folder, { recursive: true });
  const [file, page] = [join(folder, 'results.json'), join(docs, 'performance.md')];
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
  const results: Results = { ...before, ...measured };
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  for (const { name, about } of benchmarks) {
    const figures = measured[name]?.figures;
    if (figures) writeFileSync(join(folder, `${name}.svg`), chartOf(about, figures));
  }
  writeFileSync(page, withResults(readFileSync(page, 'utf8'), resultsText(benchmarks, results)));
};
