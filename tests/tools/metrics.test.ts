import { describe, expect, it } from 'vitest';
import { samplesIn } from '../../tools/metrics/exposition.ts';
import { metrics } from '../../tools/metrics/metrics.ts';
import { ended } from '../../tools/support/tool.ts';
import type { Tampering } from '../support/tool.ts';
import { openTampering, runTool, serverOfFile } from '../support/tool.ts';

const server = serverOfFile();

/** What is wrong according to a look through a server that tampers with what is said. */
const failing = async (tampering: Tampering, ...args: readonly string[]) => {
  const tampered = await openTampering(server.url, tampering);
  try {
    // The server is of the process of the tests, which may have any memory.
    const where = [`--url=${tampered.url}`, server.key, '--duration=1', '--max-memory=100000', '--json'];
    const { code, stdout } = await ended(metrics, [...where, ...args]);
    const { rows, moments } = JSON.parse(stdout);
    const failed = rows.filter(({ holds }: { holds?: boolean }) => holds === false);
    return { code, failed: failed.map(({ what }: { what: string }) => what), moments };
  } finally {
    await tampered.close();
  }
};

/** Another answer to what waits in the queues. */
const queues = (change: (said: { subscriptions: object[] }) => object): Tampering => ({
  after: ({ url }, { body }) =>
    url === '/api/admin/queue-stats' ? JSON.stringify(change(JSON.parse(body))) : undefined,
});
const firstReader = (change: object): Tampering =>
  queues((said) => ({
    ...said,
    subscriptions: said.subscriptions.map((each, n) => (n === 0 ? { ...each, ...change } : each)),
  }));

describe('npm run metrics', () => {
  it('shows a line a second while it sends to a server of its own, and sums up', async () => {
    const { code, stdout, stderr } = await runTool('metrics.ts', ['--duration=2', '--rate=50', '--max-lag=30']);
    expect(code).toBe(0);
    expect(
      stderr.match(/^ +\d s · lag \d.* · \d+\/s processed · queue \d+ · memory \d+ MB · failed 0$/gm),
    ).toHaveLength(3);
    expect(stdout).toMatch(/lag, most[^]*queue depth, most[^]*processed[^]*memory, most[^]*failed work[^]*passed\n$/);
    expect(stdout).toContain('100 of 100 acknowledged');
  });

  it('only looks at a server that runs already, unless it is told to send', async () => {
    const { code, failed, moments } = await failing({});
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
    expect(moments).toHaveLength(2);
    expect(moments[0]).toMatchObject({ lag: 0, failed: 0, stalled: [], memory: expect.any(Number) });
  });

  it.each([
    ['something waits for long', 'lag, most', firstReader({ lag: 3, lagSeconds: 6 }), []],
    ['much waits', 'queue depth, most', firstReader({ lag: 20_000 }), []],
    ['a reader is stalled', 'stalled', firstReader({ state: 'stalled' }), []],
    ['work has failed', 'failed work', queues((said) => ({ ...said, failed: 1 })), []],
    ['it takes too much memory', 'memory, most', {}, ['--max-memory=10']],
    [
      'what it sends is not taken',
      'sent meanwhile',
      { before: ({ url }) => (url === '/api/events/ingest' ? { status: 503, body: '{}' } : undefined) },
      ['--rate=5'],
    ],
  ] satisfies readonly (readonly [string, string, Tampering, readonly string[]])[])(
    'fails when %s',
    async (_, what, tampering, args) => {
      const { code, failed } = await failing(tampering, ...args);
      expect({ code, failed }).toEqual({ code: 1, failed: [what] });
    },
  );

  it('takes what the metrics say of the queues where there is nothing else', async () => {
    const { code, failed } = await failing({
      before: ({ url }) => (url === '/api/admin/queue-stats' ? { status: 404, body: '{}' } : undefined),
    });
    expect({ code, failed }).toEqual({ code: 0, failed: [] });
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect((await ended(metrics, ['--help'])).stdout).toMatch(/--duration <seconds>[^]*--max-lag <seconds>/);
    expect((await ended(metrics, ['--duration=long'])).code).toBe(2);
  });
});

describe('a page of metrics', () => {
  it('is read value by value, with labels', () => {
    const page = '# HELP a b\n# TYPE a gauge\na{x="1",y="quo\\"te, {}"} 2\nb 3.5e3\n\nc{le="+Inf"} 4 1700000000\n';
    expect(samplesIn(page)).toEqual([
      { name: 'a', labels: { x: '1', y: 'quo\\"te, {}' }, value: 2 },
      { name: 'b', labels: {}, value: 3_500 },
      { name: 'c', labels: { le: '+Inf' }, value: 4 },
    ]);
  });
});
