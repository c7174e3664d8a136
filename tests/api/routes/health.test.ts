import { describe, expect, it } from 'vitest';
import type { ApiContext } from '../../../src/api/http/context.ts';
import { boot } from '../support.ts';

const up = { name: 'event-store', healthy: true, state: 'up' };
const behind = { name: 'subscription:leads', healthy: false, state: 'stalled', lag: 4 };
const withParts = (components: Awaited<ReturnType<ApiContext['components']>>) => () => ({
  components: () => Promise.resolve(components),
});

describe('health', () => {
  it('is healthy when every part is, and names each', async () => {
    await using served = await boot(withParts([up]));
    const answer = await served.app.inject('/api/health');
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ status: 'healthy', components: [up] });
  });

  it('is degraded when a part is not healthy', async () => {
    await using served = await boot(withParts([up, behind]));
    const answer = await served.app.inject('/api/health');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ status: 'degraded', components: [up, { ...behind, lag: 10 }] });
  });

  it.each([
    [0, 0],
    [1, 1],
    [2, 10],
    [1_000, 1_000],
    [1_001, 10_000],
  ])('tells anybody about how far a part is behind, and not the number: of %i facts %i', async (lag, told) => {
    await using served = await boot(withParts([{ ...behind, lag }]));
    expect((await served.app.inject('/api/health')).json().components).toEqual([{ ...behind, lag: told }]);
  });

  it.each(['/api/health', '/livez', '/readyz'])('at %s asks for no key and is not cached', async (url) => {
    await using served = await boot();
    const answer = await served.app.inject(url);
    expect({ statusCode: answer.statusCode, cacheControl: answer.headers['cache-control'] }).toEqual({
      statusCode: 200,
      cacheControl: 'no-store',
    });
  });
});

describe('readiness', () => {
  it('ends when a part is not healthy, and the process lives on', async () => {
    await using served = await boot(withParts([behind]));
    expect((await served.app.inject('/readyz')).statusCode).toBe(503);
    expect((await served.app.inject('/livez')).statusCode).toBe(200);
  });

  it('ends when the process begins to stop', async () => {
    const process = { stopping: false };
    await using served = await boot(undefined, { stopping: () => process.stopping });
    expect((await served.app.inject('/readyz')).statusCode).toBe(200);
    process.stopping = true;
    const answer = await served.app.inject('/readyz');
    expect({ statusCode: answer.statusCode, status: answer.json().status }).toEqual({
      statusCode: 503,
      status: 'stopping',
    });
  });
});
