import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditedBy } from './packages/audit.ts';
import { refusedIn } from './packages/licences.ts';

/** What npm says of known vulnerabilities. It ends with a code of its own when there are some, and says which all the same. */
const audit = (): Promise<string> =>
  new Promise((resolve) => {
    const args = ['audit', '--audit-level=high', '--json'];
    execFile('npm', args, { maxBuffer: 64 * 1024 * 1024, timeout: 120_000 }, (_, stdout) => resolve(stdout));
  });

const lock: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package-lock.json'), 'utf8'));
const { packages, refused } = refusedIn(lock);
console.log(`licences: ${packages} packages, ${refused.length} with a licence that is not allowed`);
for (const { name, licence } of refused) console.log(`  ${name}: ${licence}`);
const { passes, said } = auditedBy(await audit());
console.log(`audit: ${said}`);
process.exitCode = refused.length === 0 && passes ? 0 : 1;
