import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { parseConfig } from '../../src/config/config.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'leadfold-docs-'));
let app: App;
let url: string;

beforeAll(async () => {
  app = await openApp(parseConfig({ DATA_DIR: join(folder, 'data'), LOG_LEVEL: 'silent' }));
  url = await app.http.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

/** The shell examples of a page, but for those that install and start, which run before the tests do. */
const examplesOf = (page: string): string => {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(/^```bash\n([^]*?)^```/gm)].map(
    ([, code = '']) => code,
  );
  return blocks.filter((code) => !code.startsWith('npm ')).join('\n');
};

/** Runs pages one after the other in one shell, as a reader would; a request that is refused ends it. */
const read = async (
  ...pages: readonly string[]
): Promise<{ readonly output: string; readonly code: number | null }> => {
  const script = pages
    .map(examplesOf)
    .join('\n')
    .replaceAll('http://127.0.0.1:4000', url)
    .replaceAll('curl -s', 'curl -sS --fail-with-body');
  // What an example waits for in vain ends with the test, and not never.
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, timeout: 50_000 });
  const ended = new Promise<number | null>((resolve) => shell.on('close', resolve));
  const [out, problems] = await Promise.all([text(shell.stdout), text(shell.stderr)]);
  return { output: out + problems, code: await ended };
};

it('the README leads to a lead with 35 points and the reasons for them', async () => {
  const { output, code } = await read('README.md');
  expect(code, output).toBe(0);
  expect(output).toContain('"status":"queued"');
  expect(output).toContain('"score":35');
  expect(output).toContain('"stage":"hot"');
  expect(output).toContain('"rule":"signup","points":30');
});

it('the examples of the how-tos work after those of the README', async () => {
  const pages = [
    'send-events',
    'query-leads',
    'explain-a-score',
    'write-a-scoring-model',
    'run-it',
    'trace-a-request',
    'work-queue',
    'set-up-routing',
    'reply-deadlines',
    'read-the-routing-report',
    'track-a-website',
    'send-webhooks',
    'receive-webhooks',
    'follow-the-feed',
  ];
  const { output, code } = await read('README.md', ...pages.map((page) => `docs/how-to/${page}.md`));
  expect(code, output).toBe(0);
  expect(output).toContain('"accepted":1,"duplicates":0,"rejected":1');
  expect(output).toContain('"accepted":2,"duplicates":0,"rejected":0');
  expect(output).toContain('"correlationId":"import-42"');
  expect(output).toMatch(/leadfold\.[0-9a-f]{16}\.js" integrity="sha384-[\w+/]{64}" crossorigin data-key="\w/);
  expect(output).toContain('"version":2');
  expect(output).toContain('"status":"completed","resolution":"done"');
  expect(output).toContain('"perWeek":15');
  expect(output).toContain('"responseMs":');
  expect(output).toContain('"rulesVersion":2,"data":[');
  expect(output).toContain('"type":"LeadAccepted"');
  expect(output).toContain('"headers":{"x-api-key":"••••"}');
  expect(output).toContain('"url":"https://hooks.slack.com/…XXXX"');
  expect(output).toContain('"state":"former"');
  expect(output).toContain(': what comes after this is told');
  expect(output).toContain('event: lead.qualified');
  expect(output).toContain('"eventType":"deal_won"');
  expect(output).toContain('"results":[{"index":0,"status":"queued","eventId":"c-2"');
  expect(output).toContain('"eventType":"purchase","occurredAt":"2026-11-18T11:06:40.000Z"');
  expect(output).toContain('"origins":["https://shop.example","https://www.shop.example"]');
});

it('the first admin of a project comes by their mail to the first event', async () => {
  const { output, code } = await read('README.md', 'docs/how-to/have-accounts.md');
  expect(code, output).toBe(0);
  expect(output).toContain('"role":"admin","passwordSet":true');
  expect(output).toContain('"email":"sam@example.com","role":"operator"');
  expect(output).toContain('"name":"Acme"');
});
