import { describe, expect, it } from 'vitest';
import { loadTest } from '../../tools/load/load-test.ts';
import { ended } from '../../tools/support/tool.ts';
import type { Tampering } from '../support/tool.ts';
import { openTampering, runTool, serverOfFile } from '../support/tool.ts';

const server = serverOfFile();

/** How many events are sent, ten of each lead, where a test does not say. */
const events = 30;

const load = (...args: readonly string[]) => ended(loadTest, args);
const against = (url: string, ...args: readonly string[]) =>
  load(`--url=${url}`, server.key, `--events=${events}`, '--concurrent=10', '--max-p95=20000', ...args);

/** Loads through a server that tampers with what is said. */
const through = async (tampering: Tampering, ...args: readonly string[]) => {
  const tampered = await openTampering(server.url, tampering, server.dear);
  try {
    const { code, stdout, stderr } = await against(tampered.url, '--json', ...args);
    const said = JSON.parse(stdout === '' ? '{}' : stdout);
    const failed = said.rows?.filter(({ holds }: { holds?: boolean }) => holds === false);
    return { code, stderr, failed: failed?.map(({ what }: { what: string }) => what), said };
  } finally {
    await tampered.close();
  }
};

/** The answer of a list with its first item changed. */
const firstChanged = (body: string, change: (item: Record<string, unknown>) => object | undefined): string => {
  const { data, ...rest } = JSON.parse(body);
  const [first, ...others] = data;
  const changed = first ? change(first) : undefined;
  return JSON.stringify({ ...rest, data: changed ? [changed, ...others] : others });
};

describe('npm run load-test', () => {
  it('passes on a server of its own when all is acknowledged and each event is scored once, and says how quick that was', async () => {
    const { code, stdout } = await runTool('load-test.ts', ['--events=100', '--concurrent=5', '--max-p95=20000']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/success +100 % \(202: 100\)[^]*throughput +[1-9]/);
    expect(stdout).toMatch(/each event scored once +0 violations in 10 leads +0 violations +ok/);
    expect(stdout).toMatch(/passed\n$/);
  });

  it('sends by the clock when it is told how fast, in batches too', async () => {
    const { code, stdout } = await against(server.url(), '--events=120', '--rate=240', '--batch=10', '--json');
    expect(code).toBe(0);
    const { seconds, results } = JSON.parse(stdout);
    expect(results).toEqual({ 200: 12 });
    expect(seconds).toBeGreaterThan(0.45);
  });

  it('counts latency from when a request was due, so that a server that stands still is not spared', async () => {
    // One connection for 200 requests at 2,000 a second: the last one is due after 0.1 s, and sent when 199 are answered.
    const { stdout } = await against(server.url(), '--events=200', '--rate=2000', '--concurrent=1', '--json');
    const { seconds, max } = JSON.parse(stdout);
    expect(max / 1_000).toBeGreaterThan(seconds - 0.2);
  });

  it('fails when requests are answered 503', async () => {
    let count = 0;
    const { code, failed, said } = await through({
      before: ({ url }) =>
        url === '/api/events/ingest' && ++count % 3 === 0 ? { status: 503, body: '{}' } : undefined,
    });
    expect(code).toBe(1);
    expect(said.results).toEqual({ 202: 20, 503: 10 });
    expect(failed).toEqual(['success', 'each event scored once']);
  });

  it('fails when it took too long', async () => {
    const { code, failed } = await through({}, '--max-p95=1');
    expect(code).toBe(1);
    expect(failed).toEqual(['latency p95']);
  });

  it.each([
    ['a score is wrong', '/api/leads?', (lead: object) => ({ ...lead, score: 1 })],
    ['a lead is missing', '/api/leads?', () => undefined],
    ['an event is missing', '/timeline', () => undefined],
    ['an event counts twice', '/timeline', (entry: Record<string, unknown>) => ({ ...entry, delta: 999 })],
    ['an event came from nowhere', '/timeline', (entry: object) => ({ ...entry, eventId: 'never-sent' })],
  ])('fails when %s', async (_, path, change) => {
    const { code, failed } = await through({
      after: ({ url = '' }, { status, body }) => {
        const concerned = status === 200 && url.includes(path) && url.includes('limit=200');
        return concerned ? firstChanged(body, change) : undefined;
      },
    });
    expect(code).toBe(1);
    expect(failed).toEqual(['each event scored once']);
  });

  it('fails when an invariant is violated', async () => {
    const { code, failed } = await through({
      after: ({ url }, { body }) =>
        url === '/api/admin/system-health' ? body.replace('healthy', 'violated') : undefined,
    });
    expect(code).toBe(1);
    expect(failed).toEqual(['invariants']);
  });

  it('says that nobody answers', async () => {
    const { code, stderr } = await load('--url=http://127.0.0.1:59999', '--key=x');
    expect(code).toBe(1);
    expect(stderr).toContain('ECONNREFUSED');
  });

  it('explains itself', async () => {
    const { code, stdout } = await load('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/npm run load-test[^]*--url <address>[^]*--events <count>/);
  });

  it.each([
    [['--event=1'], /Unknown option '--event'; did you mean --events\?[^]*--help/],
    [['--events=many'], /--events is many; give a whole number from 1 on/],
    [['more'], /Too many arguments.*more/],
    [['--url=nowhere', '--key=x'], /--url is nowhere; give an address/],
  ])('refuses %s', async (args, message) => {
    const { code, stdout, stderr } = await load(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});
