import { describe, expect, it } from 'vitest';
import type { Booted } from '../support.ts';
import { as, asRoot, boot, newProject } from '../support.ts';

/** A project with a team of one rep. */
const about = async (served: Booted) => {
  const { projectId, apiKey } = await newProject(served);
  const ask =
    (method: 'GET' | 'POST' | 'PATCH' | 'PUT') =>
    (path: string, payload?: object, headers: Readonly<Record<string, string>> = {}) =>
      served.app.inject({
        method,
        url: `/api/projects/${projectId}${path}`,
        headers: { ...(method === 'GET' ? as(apiKey) : asRoot), ...headers },
        ...(payload && { payload }),
      });
  const [get, post, patch, put] = [ask('GET'), ask('POST'), ask('PATCH'), ask('PUT')];
  await post('/teams', { teamId: 'sales', name: 'Sales' });
  await post('/reps', { repId: 'ada', name: 'Ada', teamIds: ['sales'] });
  return { get, post, patch, put };
};

const hot = { id: 'hot', when: [{ field: 'score', op: 'gte', value: 80 }], to: { teams: ['sales'] } };

describe('Routing rules', () => {
  it('are none at first, and can be sent back as they were read', async () => {
    await using served = await boot();
    const { get, put } = await about(served);
    const first = await get('/routing-rules');
    const none = { rules: [], sticky: { lead: true, domain: true }, freeMailDomains: [], regions: {} };
    expect(first.json()).toEqual({ version: 0, ...none });
    const published = await put('/routing-rules', { rules: [hot], defaultTeam: 'sales' }, { 'if-match': '"1"' });
    expect({ statusCode: published.statusCode, published: published.json(), etag: published.headers.etag }).toEqual({
      statusCode: 200,
      published: { version: 1 },
      etag: '"2"',
    });
    const read = (await get('/routing-rules')).json();
    expect(read).toMatchObject({ version: 1, rules: [{ ...hot, strategy: 'round-robin', fallback: [] }] });
    expect((await put('/routing-rules', read)).json()).toEqual({ version: 1 });
  });

  it('can be published first on a roster that nobody has begun', async () => {
    await using served = await boot();
    const { projectId } = await newProject(served);
    const url = `/api/projects/${projectId}/routing-rules`;
    const { etag = '' } = (await served.app.inject({ url, headers: asRoot })).headers;
    const put = () =>
      served.app.inject({ method: 'PUT', url, headers: { ...asRoot, 'if-match': String(etag) }, payload: {} });
    expect((await put()).json()).toEqual({ version: 1 });
    expect((await put()).json().code).toBe('stale-revision');
  });

  it('that do not fit are refused with all that is wrong, and where', async () => {
    await using served = await boot();
    const { get, put } = await about(served);
    const rules = [
      { id: 'a', to: { teams: ['sales', 'nowhere'] }, fallback: ['b'] },
      { id: 'b', when: [{ field: 'stage', op: 'eq', value: 'hot' }], to: { reps: ['nobody'] }, fallback: ['a', 'c'] },
      { id: 'b', when: [hot.when[0]], to: { teams: ['sales'] } },
    ];
    const refused = await put('/routing-rules', { rules, defaultTeam: 'none' });
    expect(refused.json()).toMatchObject({ status: 400, code: 'invalid-request' });
    const { errors } = refused.json<{ errors: { pointer: string; detail: string }[] }>();
    expect(errors.map(({ pointer }) => pointer)).toEqual([
      ...['/rules/2/id', '/rules/0/to/teams/1', '/rules/1/to/reps/0', '/rules/0/fallback/0'],
      ...['/rules/1/fallback/0', '/rules/1/fallback/1', '/defaultTeam'],
    ]);
    expect(errors[1]?.detail).toBe('There is no team nowhere');
    const odd = await put('/routing-rules', {
      rules: [{ ...hot, to: {}, when: [{ field: 'x', op: 'like', value: 1 }] }],
    });
    expect(odd.json().errors.map((each: { pointer: string }) => each.pointer)).toEqual([
      ...['/rules/0/when/0/op', '/rules/0/to'],
    ]);
    expect((await get('/routing-rules')).json().version).toBe(0);
  });

  it('are kept in every version, and go back to one while it fits the roster', async () => {
    await using served = await boot();
    const { get, put, post, patch } = await about(served);
    await put('/routing-rules', { rules: [hot] });
    await put('/routing-rules', { defaultTeam: 'sales' });
    const back = await post('/routing-rules/rollback', { version: 1 });
    expect({ statusCode: back.statusCode, back: back.json() }).toEqual({ statusCode: 200, back: { version: 3 } });
    expect((await get('/routing-rules')).json()).toMatchObject({ version: 3, rules: [{ id: 'hot' }] });
    const { data, nextCursor } = (await get('/routing-rules/versions?limit=2')).json();
    expect(data.map((each: { version: number; restores?: number }) => [each.version, each.restores])).toEqual([
      ...[
        [3, 1],
        [2, undefined],
      ],
    ]);
    const rest = (await get(`/routing-rules/versions?limit=2&cursor=${nextCursor}`)).json();
    expect({ dataCount: rest.data.length, version: rest.data[0].version, nextCursor: rest.nextCursor }).toEqual({
      dataCount: 1,
      version: 1,
      nextCursor: null,
    });
    expect((await get('/routing-rules/versions/1')).json()).toEqual(rest.data[0]);
    expect((await get('/routing-rules/versions/9')).json().code).toBe('not-found');
    expect((await post('/routing-rules/rollback', { version: 9 })).json().code).toBe('not-found');

    await patch('/reps/ada', { status: 'left' });
    const outdated = (await post('/routing-rules/rollback', { version: 2 })).json();
    expect(outdated).toMatchObject({
      status: 409,
      code: 'routing-rules-outdated',
      errors: [{ pointer: '/defaultTeam' }],
    });
  });

  it('sent again with the Idempotency-Key answer as before', async () => {
    await using served = await boot();
    const { get, put } = await about(served);
    const key = { 'idempotency-key': 'r1' };
    const first = await put('/routing-rules', { rules: [hot] }, key);
    await put('/routing-rules', { defaultTeam: 'sales' });
    const again = await put('/routing-rules', { rules: [hot] }, key);
    expect({ body: again.body, etag: again.headers.etag }).toEqual({ body: first.body, etag: first.headers.etag });
    expect((await get('/routing-rules')).json().version).toBe(2);
  });

  it('as large as they may be are checked in a moment', async () => {
    await using served = await boot();
    const { put } = await about(served);
    const when = (n: number) =>
      Array.from({ length: 20 }, (_, at) => ({ field: 'profile.x', op: 'ne', value: `${n}-${at}` }));
    const rules = Array.from({ length: 200 }, (_, n) => ({ ...hot, id: `r${n}`, when: when(n), fallback: [] }));
    const began = performance.now();
    expect((await put('/routing-rules', { rules })).statusCode).toBe(200);
    expect(performance.now() - began).toBeLessThan(3_000);
    const many = [
      { ...hot, when: [{ field: 'profile.x', op: 'in', value: Array.from({ length: 5_001 }, (_, n) => n) }] },
    ];
    expect((await put('/routing-rules', { rules: many })).json().errors).toMatchObject([{ pointer: '/rules' }]);
  });
});

describe('A reply policy', () => {
  it('is the usual one at first, and is published as a whole', async () => {
    await using served = await boot();
    const { get, put } = await about(served);
    const { version, ...usual } = (await get('/reply-policy')).json();
    expect({ version, firstResponseMinutes: usual.firstResponseMinutes }).toEqual({
      version: 0,
      firstResponseMinutes: 30,
    });
    expect((await put('/reply-policy', { ...usual, firstResponseMinutes: 5 })).json()).toEqual({ version: 1 });
    expect((await put('/reply-policy', (await get('/reply-policy')).json())).json()).toEqual({ version: 1 });
    await put('/reply-policy', usual);
    const { data } = (await get('/reply-policy/versions')).json();
    expect(data.map((each: { version: number }) => each.version)).toEqual([2, 1]);
    expect((await get('/reply-policy/versions/1')).json()).toEqual(data[1]);
    for (const [part, pointer] of [
      [{ firstResponseMinutes: 0 }, '/firstResponseMinutes'],
      [{ atRiskPercent: 100 }, '/atRiskPercent'],
      [{ countedIn: 'never' }, '/countedIn'],
      [{ steps: [{ afterMinutes: -1, action: 'notify' }] }, '/steps/0/afterMinutes'],
      [{ steps: [{ afterMinutes: 1, action: 'shout' }] }, '/steps/0/action'],
      [{ more: 1 }, '/more'],
    ] as const) {
      expect((await put('/reply-policy', { ...usual, ...part })).json().errors).toMatchObject([{ pointer }]);
    }
  });
});
