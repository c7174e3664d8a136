import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditedBy } from '../../tools/packages/audit.ts';
import { refusedIn } from '../../tools/packages/licences.ts';

const of = (packages: Readonly<Record<string, object>>) => refusedIn({ packages: { '': { name: 'us' }, ...packages } });

describe('The licences of packages', () => {
  it('are such that the product may be passed on with them', () => {
    const lock: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package-lock.json'), 'utf8'));
    const { packages, refused } = refusedIn(lock);
    expect(packages).toBeGreaterThan(100);
    expect(refused).toEqual([]);
  });

  it.each([
    ['GPL-3.0-only', {}],
    ['SSPL-1.0', { dev: true }],
    ['MPL-2.0', {}],
    ['MIT AND GPL-2.0-only', {}],
    ['UNLICENSED', {}],
  ])('may not be %s', (license, more) => {
    expect(of({ 'node_modules/a/node_modules/@b/c': { license, ...more } }).refused).toEqual([
      { name: '@b/c', licence: license },
    ]);
  });

  it.each([
    ['MIT', {}],
    ['(MIT OR GPL-3.0-only)', {}],
    ['(BSD-3-Clause AND Apache-2.0)', {}],
    ['MPL-2.0', { dev: true }],
  ])('may be %s', (license, more) => {
    expect(of({ 'node_modules/a': { license, ...more } }).refused).toEqual([]);
  });

  it('have to be named', () => {
    expect(of({ 'node_modules/a': {} }).refused).toEqual([{ name: 'a', licence: 'none that it names' }]);
  });
});

describe('What npm knows of vulnerabilities', () => {
  const counted = (counts: Readonly<Record<string, number>>) =>
    auditedBy(JSON.stringify({ auditReportVersion: 2, metadata: { vulnerabilities: counts } }));

  it('may be low and moderate, and neither high nor critical', () => {
    expect(counted({ low: 2, moderate: 1, high: 0, critical: 0, total: 3 }).passes).toBe(true);
    expect(counted({ high: 1, critical: 0, total: 1 }).passes).toBe(false);
    expect(counted({ high: 0, critical: 1, total: 1 }).passes).toBe(false);
  });

  it('is not known where a registry offers no audit, which is said, and fails nothing', () => {
    const message = '405 Method Not Allowed - POST https://registry.example/-/npm/v1/security/advisories/bulk';
    const { passes, said } = auditedBy(JSON.stringify({ message, method: 'POST' }));
    expect(passes).toBe(true);
    expect(said).toContain('NOT LOOKED UP');
  });

  it.each([
    ['{"message": "request to https://registry.example failed, reason: getaddrinfo ENOTFOUND"}'],
    ['{"message": "503 Service Unavailable"}'],
    ['{}'],
    [''],
  ])('fails where it can not be told: %s', (output) => {
    expect(auditedBy(output).passes).toBe(false);
  });
});
