import { describe, expect, it } from 'vitest';
import { adminKey, appOfFile, openTestApp, tickingClock } from '../support/app.ts';
import type { TestApp } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { bearer, mustBe } from '../support/client.ts';

const day = 86_400_000;

const path = '/api/admin/system-health';
const wrongs = ({ invariants }: Json) => invariants.filter(({ violations }: Json) => violations > 0);

/** The report of all projects, or of one. */
const reportOf = async (app: TestApp, projectId?: string): Promise<Json> =>
  mustBe(await app.root('GET', path, projectId === undefined ? {} : { headers: { 'x-project-id': projectId } }), 200)
    .body;

const publish = async (project: Project, model: object): Promise<void> => {
  mustBe(await project.asRoot('PUT', `/api/projects/${project.projectId}/scoring-model`, { body: model }), 200);
};

/** A project with leads that came together in every way. */
const furnished = async (app: TestApp): Promise<Project> => {
  const project = await app.project();
  const types = ['page_view', 'signup', 'demo_request', 'unsubscribe', 'unheard'];
  const events = Array.from({ length: 60 }, (_, at) => {
    const [n, eventType] = [at % 12, types[at % 5]];
    const who = [{ userId: `u${n}` }, { anonymousId: `a${n}` }, { userId: `u${n}`, anonymousId: `a${n}` }][at % 3];
    return { ...who, eventId: `e${at}`, eventType, traits: { size: n, city: `City ${at}` }, properties: { n } };
  });
  await project.batch(events);
  // The same again, and a chain of merges: a1 with mail, mail with a user, the user with another mail.
  await project.batch(events.slice(0, 20));
  for (const who of [
    { anonymousId: 'a1', email: 'ada@example.com' },
    { email: 'bob@example.com' },
    { userId: 'u5', email: 'bob@example.com' },
    { userId: 'u5', email: 'ada@example.com' },
    { userId: 'u6', email: 'ada@example.com' },
  ])
    mustBe(await project.send({ ...who, eventType: 'signup' }), 202);
  return project;
};

describe('System health', () => {
  const app = appOfFile(tickingClock());

  it('is fine after merges, links, refused links and duplicates, and says what it looked at', async () => {
    const project = await furnished(app());
    const { data } = await project.get('/api/leads?limit=200');
    const report = await reportOf(app(), project.projectId);
    expect(wrongs(report)).toEqual([]);
    const { totals } = await project.get('/api/analytics/dashboard');
    expect(report).toMatchObject({ status: 'healthy', projectId: project.projectId, leads: data.length });
    expect(totals.merged).toBeGreaterThan(1);
    expect(report.activities).toBe(totals.activities);
    expect(report.position).toBe(await app().head());
    expect(report.invariants.map(({ id }: Json) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const checked = Object.fromEntries(report.invariants.map((each: Json) => [each.id, each.checked]));
    expect(checked).toMatchObject({ 1: totals.activities, 3: totals.activities, 5: data.length, 7: data.length });
    expect(checked[8]).toBeGreaterThan(totals.merged);
    expect(checked[9]).toBeGreaterThan(0);
    expect(checked[10]).toBeGreaterThan(6);
  });

  it('is fine with models that decay, limit, cap and look at traits, as time goes on and after new models', async () => {
    const project = await furnished(app());
    const engagement = [
      { id: 'view', when: { eventType: 'page_view' }, points: 7.77, decay: { halfLifeDays: 3 }, group: 'doings' },
      { id: 'came', when: { eventType: 'signup' }, points: 33, decay: { expireAfterDays: 2 }, group: 'doings' },
      { id: 'asked', when: { eventType: 'demo_request' }, points: 90, limit: { times: 1, per: 'day' } },
      { id: 'left', when: { eventType: 'unsubscribe' }, points: -15.5, decay: { halfLifeDays: 0.5 } },
    ];
    const fit = [{ id: 'big', when: { trait: 'size', op: 'gte', value: 5 }, points: 12.25 }];
    await publish(project, { engagement, fit, groups: { doings: { cap: 50 } }, floor: 3, cap: 100 });
    for (const late of [1, 5]) {
      app().clock.forward(late * day);
      const again = ['u1', 'u2', 'u3'].map((userId) => ({ userId, eventType: 'unheard', eventId: `late${late}` }));
      await project.batch([...again, { userId: 'u2', eventType: 'page_view', traits: { size: late * 2 } }]);
      expect(wrongs(await reportOf(app(), project.projectId))).toEqual([]);
    }
    await publish(project, { engagement: [{ id: 'view', when: { eventType: 'page_view' }, points: 1 }] });
    await project.send({ userId: 'u1', eventType: 'demo_request' });
    await app().settled();
    expect(wrongs(await reportOf(app(), project.projectId))).toEqual([]);
  });

  it('is fine with whatever people send', async () => {
    const project = await app().project();
    const odd = [
      '.',
      'a.b',
      '__proto__',
      'constructor',
      '\u{1f600}',
      '\uffee',
      '\u0000',
      '\ud800',
      '~/%',
      'E1',
      'e1',
      ' e1',
    ];
    const events = odd.map((eventId, at) => ({
      eventId,
      userId: `u${at % 3}`,
      eventType: 'signup',
      timestamp: '2026-03-01T00:00:00Z',
      properties: { constructor: { a: [-0, 1e21, null] }, '': eventId, 2: 1, 1: 2 },
      traits: { constructor: at, '': -0, n: { 2: 1, 1: [{}] } },
    }));
    const { accepted } = mustBe(await project.batch(events), 200).body;
    expect(accepted).toBeGreaterThan(8);
    const report = await reportOf(app(), project.projectId);
    expect(wrongs(report)).toEqual([]);
    expect(report.activities).toBe(accepted);
  });

  it('is of all projects for the root key, and of its own for an admin key of a project', async () => {
    const [mine, theirs] = [await furnished(app()), await furnished(app())];
    const wanted = { name: 'ops', scopes: ['admin'] };
    const { key } = mustBe(
      await mine.asRoot('POST', `/api/projects/${mine.projectId}/keys`, { body: wanted }),
      201,
    ).body;
    await app().settled();
    const all = await reportOf(app());
    expect(wrongs(all)).toEqual([]);
    expect(all.projectId).toBeUndefined();

    const own = mustBe(await app().transport({ method: 'GET', path, headers: bearer(key) }), 200).body;
    expect({ projectId: own.projectId, status: own.status, position: own.position }).toEqual({
      projectId: mine.projectId,
      status: 'healthy',
      position: undefined,
    });
    expect(all.leads).toBeGreaterThanOrEqual(2 * own.leads);
    const other = { ...bearer(key), 'x-project-id': theirs.projectId };
    expect((await app().transport({ method: 'GET', path, headers: other })).status).toBe(404);
    expect((await mine.request('GET', path)).status).toBe(403);
  });

  it('is fine where nothing is, and is checked once for all who ask at the same time', async () => {
    const project = await app().project('Empty');
    const asked = await Promise.all([1, 2, 3].map(() => reportOf(app(), project.projectId)));
    expect(new Set(asked.map(({ checkedAt }) => checkedAt)).size).toBe(1);
    expect(asked[0]).toMatchObject({ status: 'healthy', leads: 0, activities: 0 });
    expect((await reportOf(app(), project.projectId)).checkedAt).not.toBe(asked[0].checkedAt);
  });

  it('is answered however long a connection has to be silent for it', async () => {
    const { http } = app().app();
    http.server.timeout = 50;
    const url = await http.listen({ port: 0, host: '127.0.0.1' });
    const answer = await fetch(`${url}${path}`, { headers: bearer(adminKey) });
    expect(await answer.json()).toMatchObject({ status: 'healthy' });
  });
});

it('System health raises no false alarm while leads come, merge and are scored with new models', async () => {
  await using app = await openTestApp({ clock: tickingClock() });
  const project = await furnished(app);
  const traffic = { on: true, sent: 0 };
  const send = async (lane: number): Promise<void> => {
    for (let n = 0; traffic.on; n++) {
      const id = (n * 7 + lane * 3) % 23;
      const who = [{ anonymousId: `a${id}` }, { userId: `u${id}` }, { anonymousId: `a${id}`, userId: `u${id}` }][n % 3];
      const events = [
        { ...who, eventType: 'page_view' },
        { anonymousId: `new${lane}.${n}`, email: `${lane}.${n % 9}@example.com`, eventType: 'signup' },
      ];
      await project.batch(events);
      traffic.sent += events.length;
    }
  };
  const lane = send(1);
  const reports: Json[] = [];
  for (let round = 0; round < 2; round++) {
    const before = traffic.sent;
    const rule = { id: 'view', when: { eventType: 'page_view' }, points: round + 1 };
    await publish(project, { engagement: [rule] });
    reports.push(await reportOf(app, round === 0 ? project.projectId : undefined));
    expect(traffic.sent).toBeGreaterThan(before);
  }
  traffic.on = false;
  await lane;
  for (const report of reports) expect(wrongs(report)).toEqual([]);
  await app.settled();
  expect(wrongs(await reportOf(app))).toEqual([]);
}, 90_000);
