import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format } from 'prettier';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Told } from '../../bench/support/figures.ts';
import type { Measured } from '../../bench/support/page.ts';
import { resultsText, withResults, writeResults } from '../../bench/support/page.ts';

const empty =
  '# Page\n\nBefore.\n\n<!-- results: written by npm run bench -- --write -->\n\n<!-- end of results -->\n\nAfter.\n';
const benchmarks = [
  { name: 'first', about: 'One thing' },
  { name: 'second', about: 'Another thing' },
];
const told: Told = { name: 'Events', unit: '/s', median: 1_234.5, least: 1_000, most: 2_000 };
const compared: Told = {
  ...told,
  reference: { name: 'other <b>', median: 2_469 },
  ratio: 0.5,
  goal: { atLeast: 0.6 },
  reached: false,
};
const measured = (date: string, figures: readonly Told[] = [told], machine = 'a machine'): Measured => ({
  date,
  machine,
  command: 'npm run bench',
  figures,
});

describe('the results as text', () => {
  it('have a row for each figure, with what it is compared to', () => {
    const text = resultsText(benchmarks, { first: measured('2026-01-01', [compared]) });
    const row = text.split('\n').find((line) => line.startsWith('| Events')) ?? '';
    const cells = row.split('|').map((cell) => cell.trim());
    const expected = ['Events', '1,235/s (1,000–2,000)', '2,469/s (other <b>)', '0.5', 'ratio ≥ 0.6', 'no'];
    expect(cells).toEqual(['', ...expected, '']);
  });

  it('name each machine once, with what was measured on it', () => {
    const results = { second: measured('2026-01-01'), first: measured('2026-01-01') };
    expect(resultsText(benchmarks, results)).toContain('- a machine: first, second\n');
  });

  it('are formatted as the other pages are', async () => {
    const page = withResults(empty, resultsText(benchmarks, { first: measured('2026-01-01', [told, compared]) }));
    expect(await format(page, { parser: 'markdown', printWidth: 120 })).toBe(page);
  });
});

describe('a page with results', () => {
  it('keeps what is around them', () => {
    const page = withResults(withResults(empty, 'old'), 'new');
    expect(page).toMatch(/^# Page\n\nBefore\.[^]*-->\n\nnew\n\n<!--[^]*After\.\n$/);
    expect(page).not.toContain('old');
  });

  it('must say where they go', () => {
    expect(() => withResults('# Page', 'text')).toThrow('no place for results');
  });
});

describe('results that are written', () => {
  let docs = '';
  beforeEach(() => {
    docs = mkdtempSync(join(tmpdir(), 'leadfold-page-'));
    writeFileSync(join(docs, 'performance.md'), empty);
  });
  afterEach(() => rmSync(docs, { recursive: true }));

  it('replace those of the same benchmark only', () => {
    writeResults(docs, benchmarks, { first: measured('2026-01-01'), second: measured('2026-01-01') });
    writeResults(docs, benchmarks, { second: measured('2026-02-02', [{ ...told, name: 'Newer' }], 'a new machine') });
    const page = readFileSync(join(docs, 'performance.md'), 'utf8');
    expect(page.match(/Measured on [\d-]+/g)).toEqual(['Measured on 2026-01-01', 'Measured on 2026-02-02']);
    expect(page).toContain('| Events ');
    expect(page).toContain('| Newer ');
    expect(page).toContain('- a new machine: second\n');
  });

  it('come with a chart of ours, the reference and the goal', () => {
    writeResults(docs, benchmarks, { first: measured('2026-01-01', [compared]) });
    const chart = readFileSync(join(docs, 'performance', 'first.svg'), 'utf8');
    expect(chart.match(/<rect x=/g)).toHaveLength(2);
    expect(chart.match(/<line /g)).toHaveLength(1);
    expect(chart).toContain('2,469/s, other &lt;b&gt;');
  });
});
