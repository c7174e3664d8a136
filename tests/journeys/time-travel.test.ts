import { describe, expect, it } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { openTestApp } from '../support/app.ts';
import type { Answer, Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000];

const leadIdOf = async (project: Project, event: object): Promise<string> =>
  mustBe(await project.send(event), 202).body.leadId;

const query = (times: Readonly<Record<string, Date | undefined>>): string =>
  Object.entries(times)
    .flatMap(([name, time]) => (time ? [`${name}=${time.toISOString()}`] : []))
    .join('&');

/** A lead and the explanation of its score, now or as of a time. */
const seen = async (project: Project, leadId: string, asOf?: Date) => {
  const asked = asOf ? `?${query({ asOf })}` : '';
  const lead = await project.get(`/api/leads/${leadId}${asked}`);
  return { lead, score: await project.get(`/api/leads/${leadId}/score${asked}`) };
};

const model = {
  engagement: [
    { id: 'came', when: { eventType: 'signup' }, points: 40, decay: { halfLifeDays: 2 } },
    { id: 'seen', when: { eventType: 'page_view' }, points: 7, limit: { times: 2, per: 'day' } },
  ],
  fit: [{ id: 'big', when: { trait: 'size', op: 'gte', value: 50 }, points: 20 }],
};

/** The life of a lead, step by step. What somebody did `ago` arrives late. */
const life = (own: TestApp, project: Project): readonly (() => Promise<unknown>)[] => {
  const ago = (milliseconds: number) => new Date(own.clock.now().getTime() - milliseconds).toISOString();
  const [ada, mail] = [{ userId: 'ada' }, { email: 'ada@example.com' }];
  const publish = (body: object) => project.asRoot('PUT', `/api/projects/${project.projectId}/scoring-model`, { body });
  return [
    () => project.send({ ...ada, eventType: 'signup', eventId: 'e1' }),
    () => project.send({ ...ada, eventType: 'page_view', eventId: 'e2', traits: { size: 3, name: 'Ada' } }),
    () => project.send({ ...mail, eventType: 'page_view', eventId: 'e3', traits: { size: 80 } }),
    () => project.send({ ...ada, eventType: 'webinar_attendance', eventId: 'e4', timestamp: ago(3 * day) }),
    () => publish(model),
    () => project.send({ ...ada, ...mail, eventType: 'page_view', eventId: 'e5' }),
    () => project.send({ ...ada, eventType: 'told', traits: { size: null }, timestamp: ago(hour), eventId: 'e6' }),
    () => project.send({ ...ada, eventType: 'contract_signed', eventId: 'e7', timestamp: ago(5 * day) }),
    () => publish({ engagement: [{ id: 'won', when: { eventType: 'contract_signed' }, points: 99 }] }),
    () => project.send({ anonymousId: 'phone', ...ada, eventType: 'signup', eventId: 'e8' }),
  ];
};

describe('A lead as of a time', () => {
  it('is what was answered then, after each step of its life, also across merges and models', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    const steps = life(own, project);
    const answered: { readonly at: Date; readonly ids: readonly string[]; readonly seen: readonly Json[] }[] = [];
    const ids: string[] = [];
    for (const step of steps) {
      const { body } = (await step()) as Answer;
      if (body.leadId !== undefined && !ids.includes(body.leadId)) ids.push(body.leadId);
      await own.settled();
      own.clock.forward(7 * hour + minute);
      const all = [];
      for (const id of ids) all.push(await seen(project, id));
      answered.push({ at: own.clock.now(), ids: [...ids], seen: all });
      own.clock.forward(minute);
    }
    expect(ids).toHaveLength(2);
    const scores = answered.map(({ seen: [one] }) => one.lead.score);
    expect(new Set(scores).size).toBeGreaterThan(4);
    for (const then of answered) {
      const again = [];
      for (const id of then.ids) again.push(await seen(project, id, then.at));
      expect(again).toEqual(then.seen);
    }
    const now = await seen(project, ids[0] ?? '');
    expect(await seen(project, ids[0] ?? '', own.clock.now())).toEqual({
      ...now,
      score: { ...now.score, asOf: own.clock.now().toISOString() },
    });
  });

  it('is the survivor of the merges that were made until then, and says so', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    const older = await leadIdOf(project, { userId: 'ada', eventType: 'signup' });
    own.clock.forward(minute);
    const younger = await leadIdOf(project, { email: 'ada@example.com', eventType: 'page_view' });
    const apart = own.clock.now();
    own.clock.forward(minute);
    await project.send({ userId: 'ada', email: 'ada@example.com', eventType: 'page_view' });
    const [then, now] = [query({ asOf: apart }), query({ asOf: own.clock.now() })];
    const before = await project.read(`/api/leads/${younger}?${then}`);
    expect({
      leadId: before.body.leadId,
      score: before.body.score,
      contentLocation: before.headers['content-location'],
    }).toEqual({ leadId: younger, score: 5, contentLocation: undefined });
    const after = await project.read(`/api/leads/${younger}?${now}`);
    expect([after.body.leadId, after.body.score, after.headers['content-location']]).toEqual([
      ...[older, 40, `/api/leads/${older}`],
    ]);
    const score = await project.read(`/api/leads/${younger}/score?${now}`);
    expect({ score: score.body.score, contentLocation: score.headers['content-location'] }).toEqual({
      score: 40,
      contentLocation: `/api/leads/${older}/score`,
    });
  });

  it('can be asked with an offset; malformed, in the future and before it began are told apart', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    own.clock.forward(day);
    const leadId = await leadIdOf(project, { userId: 'ada', eventType: 'signup' });
    const other = await own.project();
    for (const path of [`/api/leads/${leadId}`, `/api/leads/${leadId}/score`]) {
      expect((await project.get(`${path}?asOf=2026-03-11T13%3A00%3A00%2B01%3A00`)).score).toBe(30);
      for (const name of ['asOf', 'asOfOccurred']) {
        for (const bad of ['yesterday', '2026-03-11', '2026-02-30T00:00:00Z', '', '1e9', '2026-03-11T12:00:00.001Z']) {
          const { status, body } = await project.read(`${path}?${name}=${bad}`);
          expect({ status, code: body.code, pointer: body.errors[0].pointer }).toEqual({
            status: 400,
            code: 'invalid-request',
            pointer: `/${name}`,
          });
        }
        for (const early of ['2026-03-11T11:59:59.999Z', '0000-01-01T00:00:00Z']) {
          const { status, body } = await project.read(`${path}?${name}=${early}`);
          expect({ status, code: body.code }).toEqual({ status: 404, code: 'lead-unknown' });
        }
        const { status, body } = await other.read(`${path}?${name}=2026-03-11T12:00:00Z`);
        expect({ status, code: body.code }).toEqual({ status: 404, code: 'lead-unknown' });
      }
    }
    const { status } = await project.read('/api/leads/nobody?asOf=2026-03-11T12:00:00Z');
    expect(status).toBe(404);
  });
});

describe('What is known now about a time', () => {
  const at = (own: TestApp, daysAgo: number): Date => new Date(own.clock.now().getTime() - daysAgo * day);

  it('has what occurred until then, however late it arrived, and the profile of that', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    const did = (daysAgo: number, event: object) => ({ ...event, timestamp: at(own, daysAgo).toISOString() });
    const leadId = await leadIdOf(project, did(1, { userId: 'ada', eventType: 'signup', traits: { plan: 'pro' } }));
    await project.send(did(4, { userId: 'ada', eventType: 'contract_signed', traits: { plan: 'free', size: 3 } }));
    const [three, five] = [at(own, 3), at(own, 5)];
    const [first, last] = [at(own, 4.5).toISOString(), at(own, 4).toISOString()];
    // Else chance says which of two leads of one instant is the older.
    own.clock.forward(1);
    await project.send({ email: 'ada@example.com', eventType: 'page_view', timestamp: first });
    await project.send(did(2, { userId: 'ada', email: 'ada@example.com', eventType: 'page_view' }));
    const known = await project.get(`/api/leads/${leadId}?${query({ asOfOccurred: three })}`);
    expect(known).toMatchObject({
      leadId,
      score: 105,
      stage: 'qualified',
      activities: 2,
      profile: { plan: 'free', size: 3 },
      velocity: 0,
      firstSeenAt: first,
      lastActivityAt: last,
      risk: 'low',
      identifiers: [
        { kind: 'userId', value: 'ada' },
        { kind: 'email', value: 'ada@example.com' },
      ],
    });
    expect(known).not.toHaveProperty('qualifiedAt');
    const explained = await project.get(`/api/leads/${leadId}/score?${query({ asOfOccurred: three })}`);
    expect(explained).toMatchObject({ score: 105, asOf: three.toISOString() });
    expect(explained.contributions).toHaveLength(2);
    const [now, all] = [
      await project.get(`/api/leads/${leadId}`),
      await project.get(`/api/leads/${leadId}?${query({ asOfOccurred: own.clock.now() })}`),
    ];
    for (const field of ['score', 'stage', 'profile', 'activities', 'velocity', 'trend', 'risk', 'nextAction'])
      expect([field, all[field]]).toEqual([field, now[field]]);
    const nothing = await project.read(`/api/leads/${leadId}?${query({ asOfOccurred: five })}`);
    expect({ status: nothing.status, code: nothing.body.code }).toEqual({ status: 404, code: 'lead-unknown' });
  });

  it('is the same in any order of arrival, at every time', async () => {
    await using own = await openTestApp();
    const events = [5, 4, 3, 2, 1].map((daysAgo) => ({
      userId: 'ada',
      eventId: `e${daysAgo}`,
      timestamp: at(own, daysAgo).toISOString(),
      eventType: ['signup', 'page_view', 'demo_request'][daysAgo % 3],
      traits: { last: daysAgo },
    }));
    const views = [];
    for (const order of [events, events.toReversed(), [...events.slice(2), ...events.slice(0, 2)]]) {
      const project = await own.project();
      for (const event of order) await project.send(event);
      const leadId = await leadIdOf(project, events[0] ?? {});
      const all = [];
      for (const daysAgo of [4.5, 4, 2.5, 1]) {
        const {
          leadId: _,
          projectId: __,
          revision: ___,
          ...view
        } = await project.get(`/api/leads/${leadId}?${query({ asOfOccurred: at(own, daysAgo) })}`);
        all.push(view);
      }
      views.push(all);
    }
    expect(views[1]).toEqual(views[0]);
    expect(views[2]).toEqual(views[0]);
    expect(new Set(views[0]?.map(({ score }) => score)).size).toBe(4);
  });

  it('is with what was recorded until one time about another when both are asked', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    const leadId = await leadIdOf(project, { userId: 'ada', eventType: 'signup' });
    const then = own.clock.now();
    own.clock.forward(hour);
    await project.send({
      userId: 'ada',
      eventType: 'page_view',
      timestamp: new Date(then.getTime() - minute).toISOString(),
    });
    const score = async (times: Readonly<Record<string, Date>>): Promise<number> =>
      (await project.get(`/api/leads/${leadId}?${query(times)}`)).score;
    expect(await score({ asOf: then })).toBe(30);
    expect(await score({ asOfOccurred: then })).toBe(35);
    expect(await score({ asOf: then, asOfOccurred: then })).toBe(30);
    expect(await score({ asOf: own.clock.now(), asOfOccurred: new Date(then.getTime() - minute) })).toBe(5);
  });
});
