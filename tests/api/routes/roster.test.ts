import { describe, expect, it } from 'vitest';
import { allFacts, as, asRoot, boot, newKey, newProject } from '../support.ts';

/** A project, asked with a key that may configure it. */
const about = async (served: Awaited<ReturnType<typeof boot>>) => {
  const { projectId, apiKey } = await newProject(served);
  const { key } = await newKey(served, projectId, ['leads:read', 'config:write']);
  const ask =
    (method: 'GET' | 'POST' | 'PATCH' | 'PUT') =>
    (path: string, payload?: object, headers: Readonly<Record<string, string>> = {}) =>
      served.app.inject({
        method,
        url: `/api/projects/${projectId}${path}`,
        headers: { ...as(key), ...headers },
        ...(payload && { payload }),
      });
  return { projectId, apiKey, get: ask('GET'), post: ask('POST'), patch: ask('PATCH'), put: ask('PUT') };
};

const plain = {
  status: 'active',
  skills: [],
  languages: [],
  regions: [],
  industries: [],
  weight: 1,
  capacity: 20,
  timeOff: [],
};
const hours = { timeZone: 'Europe/Berlin', week: { mon: [{ from: '09:00', to: '17:00' }] }, holidays: ['2026-12-25'] };

describe('Teams and reps', () => {
  it('are made, read and changed', async () => {
    await using served = await boot();
    const { projectId, get, post, patch } = await about(served);
    const team = await post('/teams', { teamId: 'sales', name: ' Sales ', regions: ['US', 'US'] });
    expect({ statusCode: team.statusCode, team: team.json() }).toEqual({
      statusCode: 201,
      team: { teamId: 'sales', name: 'Sales', regions: ['US'] },
    });
    expect(team.headers).toMatchObject({ location: `/api/projects/${projectId}/teams/sales`, etag: '"0"' });
    const rep = await post('/reps', { repId: 'ada', name: 'Ada', teamIds: ['sales'], hours });
    expect(rep.json()).toEqual({ repId: 'ada', name: 'Ada', ...plain, teamIds: ['sales'], hours });
    expect(Number(rep.headers['leadfold-position'])).toBeGreaterThan(Number(team.headers['leadfold-position']));

    const timeOff = [{ from: '2026-07-01T00:00:00+02:00', to: '2026-07-15T00:00:00+02:00' }];
    const changed = await patch('/reps/ada', { timeOff, hours: null, weight: 3 });
    const kept = [{ from: '2026-06-30T22:00:00.000Z', to: '2026-07-14T22:00:00.000Z' }];
    expect(changed.json()).toEqual({
      repId: 'ada',
      name: 'Ada',
      ...plain,
      teamIds: ['sales'],
      weight: 3,
      timeOff: kept,
    });
    expect((await get('/reps/ada')).json()).toEqual(changed.json());
    expect((await get('/reps/ada')).headers.etag).toBe(changed.headers.etag);
    await patch('/teams/sales', { leadRepId: 'ada' });
    expect((await get('/teams/sales')).json()).toMatchObject({ leadRepId: 'ada' });
  });

  it('get an id when none is chosen, the same for a request that is sent again', async () => {
    await using served = await boot();
    const { get, post } = await about(served);
    const twice = { 'idempotency-key': 'one' };
    const [first, again] = [await post('/teams', { name: 'A' }, twice), await post('/teams', { name: 'A' }, twice)];
    expect({ statusCode: again.statusCode, body: again.body, etag: again.headers.etag }).toEqual({
      statusCode: 201,
      body: first.body,
      etag: first.headers.etag,
    });
    expect(first.json().teamId).toMatch(/^[a-z0-9]{12}$/);
    expect((await get('/teams')).json().data).toHaveLength(1);
  });

  it('are listed in pages, with cursors that fit their own list only', async () => {
    await using served = await boot();
    const { get, post } = await about(served);
    await post('/teams', { teamId: 'sales', name: 'Sales' });
    for (const repId of ['e', 'b', 'd', 'a', 'c']) {
      await post('/reps', {
        repId,
        name: repId,
        status: repId === 'd' ? 'away' : 'active',
        teamIds: repId < 'c' ? ['sales'] : [],
      });
    }
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: { data: { repId: string }[]; nextCursor: string | null } = (
        await get(`/reps?limit=2${cursor && `&cursor=${cursor}`}`)
      ).json();
      ids.push(...page.data.map(({ repId }) => repId));
      cursor = page.nextCursor;
    }
    expect(ids).toEqual(['a', 'b', 'c', 'd', 'e']);
    const named = async (query: string) =>
      (await get(`/reps?${query}`)).json().data.map((each: { repId: string }) => each.repId);
    expect([await named('team=sales'), await named('status=away'), await named('team=none')]).toEqual([
      ['a', 'b'],
      ['d'],
      [],
    ]);
    const { nextCursor } = (await get('/reps?limit=2')).json();
    expect((await get(`/teams?cursor=${nextCursor}`)).json().code).toBe('invalid-cursor');
    expect((await get(`/reps?team=sales&cursor=${nextCursor}`)).json().code).toBe('invalid-cursor');
  });

  it('keep both changes of two who change different fields at once', async () => {
    await using served = await boot();
    const { get, post, patch } = await about(served);
    await post('/reps', { repId: 'ada', name: 'Ada' });
    const changes = [{ weight: 5 }, { capacity: 7 }, { languages: ['de'] }, { regions: ['DE'] }, { perDay: 4 }];
    const answers = await Promise.all(changes.map((each) => patch('/reps/ada', each)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200]);
    expect((await get('/reps/ada')).json()).toMatchObject(Object.assign({}, ...changes));
  });

  it('stay as they are when the roster has changed since it was read', async () => {
    await using served = await boot();
    const { post, patch } = await about(served);
    const { etag = '' } = (await post('/teams', { teamId: 'a', name: 'A' })).headers;
    const match = { 'if-match': String(etag) };
    expect((await patch('/teams/a', { name: 'B' }, match)).statusCode).toBe(200);
    expect((await patch('/teams/a', { name: 'C' }, match)).json().code).toBe('stale-revision');
  });

  it('that make no sense are refused, and nothing is recorded', async () => {
    await using served = await boot();
    const { post, patch } = await about(served);
    await post('/teams', { teamId: 'a', name: 'A' });
    await post('/reps', { repId: 'a', name: 'A' });
    const before = await allFacts(served.store);
    const refused: [Promise<{ json: () => unknown }>, object][] = [
      [post('/teams', { teamId: 'a', name: 'A' }), { status: 409, code: 'team-exists' }],
      [post('/teams', { name: 'A', leadRepId: 'x' }), { status: 409, code: 'rep-unknown' }],
      [post('/reps', { repId: 'a', name: 'A' }), { status: 409, code: 'rep-exists' }],
      [post('/reps', { name: 'B', teamIds: ['a', 'x'] }), { status: 409, code: 'team-unknown' }],
      [patch('/reps/a', { teamIds: ['x'] }), { status: 409, code: 'team-unknown' }],
      [patch('/reps/x', { name: 'X' }), { status: 404, code: 'member-unknown' }],
      [patch('/teams/__proto__', { name: 'X' }), { status: 404, code: 'member-unknown' }],
    ];
    for (const [answer, problem] of refused) expect((await answer).json()).toMatchObject(problem);
    expect(await allFacts(served.store)).toEqual(before);
  });

  const week = (...shifts: readonly (readonly [string, string])[]) => ({
    hours: { timeZone: 'UTC', week: { mon: shifts.map(([from, to]) => ({ from, to })) }, holidays: [] },
  });
  it.each([
    [{ name: '' }, '/name'],
    [{ name: 'x'.repeat(129) }, '/name'],
    [{ email: 'nobody' }, '/email'],
    [{ status: 'busy' }, '/status'],
    [{ weight: -1 }, '/weight'],
    [{ weight: 1.5 }, '/weight'],
    [{ capacity: 1e9 }, '/capacity'],
    [{ teamIds: ['../x'] }, '/teamIds/0'],
    [{ skills: [{ skill: 'sql', level: 6 }] }, '/skills/0/level'],
    [
      {
        skills: [
          { skill: 'sql', level: 1 },
          { skill: 'SQL', level: 2 },
        ],
      },
      '/skills/1/skill',
    ],
    [{ languages: Array.from({ length: 101 }, (_, n) => `l${n}`) }, '/languages'],
    [{ languages: ['de', 'German'] }, '/languages/1'],
    [{ languages: ['Elvish'] }, '/languages/0'],
    [{ regions: ['DE', 'Mordor'] }, '/regions/1'],
    [{ colour: 'red' }, '/colour'],
    [{ hours: { ...hours, timeZone: 'Europe/Atlantis' } }, '/hours/timeZone'],
    [{ hours: { ...hours, timeZone: '+01:00' } }, '/hours/timeZone'],
    [{ hours: { ...hours, holidays: ['2026-02-30'] } }, '/hours/holidays/0'],
    [{ hours: { ...hours, week: { someday: [] } } }, '/hours/week/someday'],
    [week(['9:00', '17:00']), '/hours/week/mon/0/from'],
    [week(['09:00', '25:00']), '/hours/week/mon/0/to'],
    [week(['24:00', '24:00']), '/hours/week/mon/0/from'],
    [week(['09:00', '12:00'], ['11:00', '17:00']), '/hours/week/mon/1/from'],
    [week(['22:00', '06:00'], ['23:00', '24:00']), '/hours/week/mon/1/from'],
    [{ timeOff: [{ from: '2026-07-01', to: '2026-07-02' }] }, '/timeOff/0/from'],
    [{ timeOff: [{ from: '2026-07-02T00:00:00Z', to: '2026-07-01T00:00:00Z' }] }, '/timeOff/0/to'],
  ])('have limits and forms: %j', async (part, pointer) => {
    await using served = await boot();
    const { post, patch } = await about(served);
    const errors = (answer: { json: () => { errors: { pointer: string }[] } }) =>
      answer.json().errors.map((each) => each.pointer);
    expect(errors(await post('/reps', { repId: 'ada', name: 'Ada', ...part }))).toContain(pointer);
    await post('/reps', { repId: 'ada', name: 'Ada' });
    expect(errors(await patch('/reps/ada', part))).toContain(pointer);
  });

  it('say what to say instead of the name of a language, and keep its tag', async () => {
    await using served = await boot();
    const { post } = await about(served);
    const named = await post('/reps', { name: 'Ada', languages: ['German'] });
    expect(named.json().detail).toContain('Not the code of a language: say de');
    const tags = await post('/reps', { name: 'Ada', languages: ['de_at', 'EN', 'fra', 'fr'] });
    expect(tags.json().languages).toEqual(['de-AT', 'en', 'fr']);
  });

  it('are changed by who may configure, read by who may read, and are of one project', async () => {
    await using served = await boot();
    const { projectId, apiKey, post, get } = await about(served);
    const other = await newProject(served);
    await post('/teams', { teamId: 'sales', name: 'Sales' });
    await post('/reps', { repId: 'ada', name: 'Ada', teamIds: ['sales'] });
    const url = `/api/projects/${projectId}/reps/ada`;
    const asReader = { url, headers: as(apiKey) };
    expect((await served.app.inject(asReader)).statusCode).toBe(200);
    const written = await served.app.inject({ ...asReader, method: 'PATCH', payload: { weight: 0 } });
    expect(written.json().code).toBe('scope-missing');
    expect((await served.app.inject({ url, headers: as(other.apiKey) })).json().code).toBe('project-unknown');
    const elsewhere = await served.app.inject({ url: `/api/projects/${other.projectId}/reps`, headers: asRoot });
    expect(elsewhere.json().data).toEqual([]);
    expect((await get('/reps/ada')).json()).toMatchObject({ weight: 1 });
  });
});
