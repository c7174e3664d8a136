import { describe, expect, it } from 'vitest';
import { runTool } from '../support/tool.ts';

describe('npm run alike-test', () => {
  it('measures how long who has an account and who has none are kept waiting', async () => {
    const { code, stdout } = await runTool('alike-test.ts', ['--tries=2', '--json']);
    expect(code).toBe(0);
    const { passed, tries, rows } = JSON.parse(stdout);
    expect({ passed, tries }).toEqual({ passed: true, tries: 2 });
    expect(rows).toHaveLength(2);
  });

  it('refuses what it does not know', async () => {
    expect((await runTool('alike-test.ts', ['--tries=some'])).code).toBe(2);
  });
});
