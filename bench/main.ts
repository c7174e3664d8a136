import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ingestSingle } from './ingest-single.ts';
import type { Lab } from './support/benchmark.ts';
import type { Told } from './support/figures.ts';
import { told } from './support/figures.ts';

const benchmarks = [ingestSingle];

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '3' } } });
const results: Told[] = [];
for (const benchmark of benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
  const folders: string[] = [];
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), `leadfold-bench-${benchmark.name}-`));
    folders.push(made);
    return made;
  };
  const lab: Lab = { folder, rounds: Number(values.rounds), say: (what) => console.error(`${benchmark.name}: ${what}`) };
  results.push(...(await benchmark.run(lab)).map(told));
  for (const each of folders) rmSync(each, { recursive: true, force: true });
}
console.log(JSON.stringify(results, null, 2));
