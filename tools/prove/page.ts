import { readFileSync, writeFileSync } from 'node:fs';
import { withResults } from '../../bench/support/page.ts';
import type { Row } from '../support/tool.ts';

/** What became of a step. `error` is there when it ended without a result. */
export type Proven = {
  readonly name: string;
  readonly command: string;
  readonly seconds: number;
  readonly passed: boolean;
  readonly rows: readonly Row[];
  readonly error?: string;
};

const marks = ['<!-- proof: written by npm run prove -->', '<!-- end of proof -->'] as const;

const tableOf = (head: readonly string[], body: readonly (readonly string[])[]): string => {
  const rows = [head, ...body].map((row) => row.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')));
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [first = [], ...others] = rows;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...others.map(line)].join('\n');
};

const outcome = (holds: boolean | undefined): string => (holds === undefined ? '' : holds ? 'ok' : 'FAILED');

const sectionOf = ({ name, command, seconds, rows, error, passed }: Proven): string => {
  const told = rows.map(({ what, found, must = '', holds }) => [what, found, must, outcome(holds)]);
  const why = error === undefined ? [] : [`It gave no result: ${error.replaceAll(/\s+/g, ' ').slice(0, 500)}`];
  const table = told.length === 0 ? [] : [tableOf(['what', 'found', 'must be', 'outcome'], told)];
  const how = `\`${command}\`: ${passed ? 'passed' : 'FAILED'}, in ${seconds.toFixed(0)} s.`;
  return [`### ${name}`, how, ...why, ...table].join('\n\n');
};

type How = { readonly date: string; readonly machine: string; readonly command: string };

/** The proof as Markdown. */
export const proofText = ({ date, machine, command }: How, proven: readonly Proven[]): string => {
  const good = proven.filter(({ passed }) => passed).length;
  const head = [
    `- ${good} of ${proven.length} steps passed`,
    `- Date: ${date}`,
    `- Machine: ${machine}`,
    `- Command: \`${command}\``,
  ];
  return [head.join('\n'), ...proven.map(sectionOf)].join('\n\n');
};

/** Writes the proof into its place on a page. Throws when the page has none. */
export const writeProof = (page: string, text: string): void =>
  writeFileSync(page, withResults(readFileSync(page, 'utf8'), text, marks));
