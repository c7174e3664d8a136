import { expect, it } from 'vitest';
import { runTool } from '../support/tool.ts';

it('npm run kill-test kills as often as it is told, over files and over servers, and says what that hit', async () => {
  const { code, stdout } = await runTool('kill-test.ts', ['--kills=3', '--json']);
  const { passed, rows, files, servers } = JSON.parse(stdout);
  expect({ code, passed }).toEqual({ code: 0, passed: true });
  expect([files.kills, servers.kills]).toEqual([2, 1]);
  expect(rows.map(({ what }: { readonly what: string }) => what)).toContain(
    'files: kills while a request was under way',
  );
});

it('npm run kill-test explains itself, and kills nothing where it does not understand', async () => {
  expect((await runTool('kill-test.ts', ['--help'])).stdout).toContain('--kills');
  expect((await runTool('kill-test.ts', ['--kills=0'])).code).toBe(2);
});
