import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { waits } from '../../../src/api/http/waiting.ts';
import type { ApiContext } from '../../../src/api/http/context.ts';
import type { Booted } from '../support.ts';
import { as, asRoot, boot, newProject } from '../support.ts';

const header = 'leadfold-after-position';

/** Read models that come to a position when they are told to; who asks for more waits. */
const gated = () => {
  const gate = Promise.withResolvers<void>();
  const state = { asked: 0, waiting: 0 };
  const reached: ApiContext['reached'] = async (position, signal) => {
    state.asked++;
    if (position <= 5) return;
    state.waiting++;
    const aborted = once(signal, 'abort').then(() => signal.throwIfAborted());
    await Promise.race([gate.promise, aborted]);
  };
  const wait = async (count: number): Promise<void> => {
    while (state.waiting < count) await nextTurn();
  };
  return { reached, wait, open: gate.resolve, asked: () => state.asked };
};

const read = async ({ app }: Booted, key: string, position: number) =>
  await app.inject({ url: '/api/leaderboard', headers: { ...as(key), [header]: String(position) } });

const projectsOf = (served: Booted, count: number) =>
  Promise.all(Array.from({ length: count }, async () => (await newProject(served)).apiKey));

describe('Reads that wait for the read models', () => {
  it(`are ${waits.ofProject} of a project at most; one more is told at once to come back, and other projects wait as before`, async () => {
    const { reached, wait, open } = gated();
    await using served = await boot(() => ({ reached }));
    const [mine = '', theirs = ''] = await projectsOf(served, 2);
    const waiting = Array.from({ length: waits.ofProject }, () => read(served, mine, 9));
    await wait(waits.ofProject);
    const begun = performance.now();
    const refused = await read(served, mine, 9);
    expect(performance.now() - begun).toBeLessThan(waits.patience / 2);
    expect(refused.json()).toMatchObject({ status: 503, code: 'not-there-yet' });
    expect(refused.json().detail).toContain(`${waits.ofProject} reads of this project`);
    expect(refused.headers['retry-after']).toBe('1');
    const other = read(served, theirs, 9);
    await wait(waits.ofProject + 1);
    open();
    const answers = await Promise.all([...waiting, other]);
    expect(answers.filter(({ statusCode }) => statusCode === 503)).toEqual([]);
    expect((await read(served, mine, 9)).statusCode).not.toBe(503);
  });

  it('make room again when they were in vain', async () => {
    const { reached } = gated();
    await using served = await boot(() => ({ reached }));
    const [mine = ''] = await projectsOf(served, 1);
    await Promise.all(Array.from({ length: waits.ofProject }, () => read(served, mine, 9)));
    const begun = performance.now();
    expect((await read(served, mine, 9)).statusCode).toBe(503);
    expect(performance.now() - begun).toBeGreaterThan(waits.patience * 0.9);
  });

  it(`are ${waits.ofAll} of all projects together at most`, async () => {
    const { reached, wait, open } = gated();
    await using served = await boot(() => ({ reached }));
    const keys = await projectsOf(served, waits.ofAll / waits.ofProject + 1);
    const last = keys.pop() ?? '';
    const waiting = keys.flatMap((key) => Array.from({ length: waits.ofProject }, () => read(served, key, 9)));
    await wait(waits.ofAll);
    const refused = await read(served, last, 9);
    expect(refused.json()).toMatchObject({ status: 503, code: 'not-there-yet' });
    expect(refused.json().detail).toContain(`${waits.ofAll} reads wait`);
    open();
    await Promise.all(waiting);
    expect((await read(served, last, 9)).statusCode).not.toBe(503);
  });

  it('never keep one from an answer that asks for what is there', async () => {
    const { reached, wait, open } = gated();
    await using served = await boot(() => ({ reached }));
    const [mine = ''] = await projectsOf(served, 1);
    expect((await read(served, mine, 5)).statusCode).not.toBe(503);
    const waiting = Array.from({ length: waits.ofProject }, () => read(served, mine, 9));
    await wait(waits.ofProject);
    expect((await read(served, mine, 9)).statusCode).toBe(503);
    expect((await read(served, mine, 4)).statusCode).not.toBe(503);
    open();
    await Promise.all(waiting);
  });
});

it.each(['/api/health', '/livez', '/readyz', '/problems', '/openapi.json', '/docs'])(
  'What anybody may ask waits for nothing, whatever position it names: %s',
  async (url) => {
    const { reached, asked } = gated();
    await using served = await boot(() => ({ reached }));
    const { apiKey } = await newProject(served);
    for (const position of ['999999', 'nonsense']) {
      expect((await served.app.inject({ url, headers: { [header]: position } })).statusCode).toBe(200);
    }
    const settings = { url: `/v1/projects/${apiKey}/settings`, headers: { [header]: '999999' } };
    expect((await served.app.inject(settings)).statusCode).toBe(200);
    expect(asked()).toBe(0);
    await served.app.inject({ url: '/api/projects', headers: { ...asRoot, [header]: '3' } });
    expect(asked()).toBe(1);
  },
);
