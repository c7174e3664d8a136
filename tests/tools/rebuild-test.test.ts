import { describe, expect, it } from 'vitest';
import { runTool } from '../support/tool.ts';

describe('npm run rebuild-test', () => {
  it('measures how long the read models of a log take to be made again, and checks them', async () => {
    const { code, stdout } = await runTool('rebuild-test.ts', ['--events=100', '--json']);
    expect(code).toBe(0);
    const { passed, facts, rows } = JSON.parse(stdout);
    expect({ passed, facts }).toEqual({ passed: true, facts: 105 });
    expect(rows).toContainEqual(expect.objectContaining({ what: 'shown then', found: '5 leads, 100 activities' }));
  });

  it('refuses what it does not know', async () => {
    expect((await runTool('rebuild-test.ts', ['--events=some'])).code).toBe(2);
  });
});
