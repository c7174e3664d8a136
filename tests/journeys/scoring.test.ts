import { describe, expect, it } from 'vitest';
import { appOfFile, openTestApp } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

const app = appOfFile();
const dayMs = 86_400_000;

const leadIdOf = async (project: Project, event: object): Promise<string> =>
  mustBe(await project.send(event), 202).body.leadId;

/** The sum of an explanation's lines, in points. */
const sumOf = ({ contributions }: Json): number =>
  contributions.reduce((sum: number, { points }: Json) => sum + Math.round(points * 100), 0) / 100;

const publish = async (project: Project, model: object): Promise<void> => {
  mustBe(await project.asRoot('PUT', `/api/projects/${project.projectId}/scoring-model`, { body: model }), 200);
};

describe('A new lead', () => {
  it('scores 30 and is warm when it signs up, and 35 and is hot when it views a page after that', async () => {
    const project = await app().project();
    const leadId = await leadIdOf(project, { userId: 'ada', eventType: 'signup' });
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({
      leadId,
      projectId: project.projectId,
      score: 30,
      fit: 0,
      engagement: 30,
      stage: 'warm',
      activities: 1,
      identifiers: [{ kind: 'userId', value: 'ada' }],
      profile: {},
      velocity: 1,
      risk: 'low',
    });
    expect(await leadIdOf(project, { userId: 'ada', eventType: 'page_view' })).toBe(leadId);
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 35, stage: 'hot', activities: 2 });
  });

  it('is explained by lines that sum up to its score, which is the same wherever it is read', async () => {
    const project = await app().project();
    const types = ['signup', 'page_view', 'page_view', 'download', 'unsubscribe', 'heard_of_never'];
    const sent = await project.batch(types.map((eventType, at) => ({ userId: 'ada', eventType, eventId: `e${at}` })));
    const leadId = sent.body.results[0].leadId;
    const explanation = await project.get(`/api/leads/${leadId}/score`);
    expect(explanation).toMatchObject({ score: 35, fit: 0, engagement: 35, stage: 'hot', model: 1 });
    expect(sumOf(explanation)).toBe(35);
    const lines = explanation.contributions.map(({ kind, rule, points, eventId }: Json) => [
      ...[kind, rule, points, eventId],
    ]);
    expect(lines.toSorted((a: Json, b: Json) => (a[3] < b[3] ? -1 : 1))).toEqual([
      ['activity', 'signup', 30, 'e0'],
      ['activity', 'page_view', 5, 'e1'],
      ['activity', 'page_view', 5, 'e2'],
      ['activity', 'download', 15, 'e3'],
      ['activity', 'unsubscribe', -20, 'e4'],
    ]);
    const { score, stage } = await project.get(`/api/leads/${leadId}`);
    const { data } = await project.get('/api/leads');
    expect({ score, dataScore: data[0].score, stage, dataStage: data[0].stage }).toEqual({
      score: 35,
      dataScore: 35,
      stage: 'hot',
      dataStage: 'hot',
    });
  });

  it('scores nothing for what no rule knows, and still has it in its history and its facts', async () => {
    const project = await app().project();
    const event = { userId: 'ada', eventType: 'heard_of_never', eventId: 'e1', properties: { a: [1, { b: null }] } };
    const leadId = await leadIdOf(project, event);
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 0, stage: 'cold', activities: 1 });
    const { data: timeline } = await project.get(`/api/leads/${leadId}/timeline`);
    expect(timeline).toMatchObject([{ eventId: 'e1', delta: 0, score: 0, because: [], properties: event.properties }]);
    const { data: facts } = await project.get(`/api/leads/${leadId}/events`);
    expect(facts.map(({ type }: Json) => type)).toEqual(['LeadCaptured', 'ActivityRecorded']);
    expect(facts[1].data).toMatchObject({ eventId: 'e1', properties: event.properties });
  });

  it('loses points when it unsubscribes, but never falls below the floor', async () => {
    const project = await app().project();
    const leadId = await leadIdOf(project, { userId: 'ada', eventType: 'unsubscribe' });
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 0, stage: 'cold' });
    const low = await project.get(`/api/leads/${leadId}/score`);
    expect(low.contributions).toMatchObject([
      { kind: 'activity', points: -20 },
      { kind: 'floor', points: 20 },
    ]);
    await leadIdOf(project, { userId: 'ada', eventType: 'signup' });
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 10, stage: 'cold' });
    expect(sumOf(await project.get(`/api/leads/${leadId}/score`))).toBe(10);
  });
});

describe('A model of the project’s own', () => {
  it('scores traits, and says which', async () => {
    const project = await app().project();
    await publish(project, {
      engagement: [{ id: 'seen', when: { eventType: 'page_view' }, points: 1.25 }],
      fit: [
        { id: 'big', when: { trait: 'company.size', op: 'gte', value: 50 }, points: 20 },
        { id: 'chief', when: { trait: 'title', op: 'contains', value: 'Chief' }, points: 12.5 },
      ],
    });
    const traits = { company: { size: 80 }, title: 'Chief of Staff' };
    const leadId = await leadIdOf(project, { userId: 'ada', eventType: 'page_view', eventId: 'e1', traits });
    const view = { score: 33.75, fit: 32.5, engagement: 1.25, stage: 'hot', profile: traits };
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject(view);
    const explanation = await project.get(`/api/leads/${leadId}/score`);
    expect({ sum: sumOf(explanation), model: explanation.model }).toEqual({ sum: 33.75, model: 2 });

    await leadIdOf(project, { userId: 'ada', eventType: 'moved', eventId: 'e2', traits: { company: { size: 3 } } });
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 13.75, fit: 12.5, stage: 'warm' });
    const { data } = await project.get(`/api/leads/${leadId}/timeline`);
    expect(data.at(-1)).toMatchObject({ eventId: 'e2', delta: -20, because: [{ rule: 'big', points: -20 }] });
  });

  it('takes traits whatever they are called, and takes them away again', async () => {
    const project = await app().project();
    const said = { constructor: 'x', toString: 'y', plan: 'pro' };
    const leadId = await leadIdOf(project, { userId: 'ada', eventType: 'told', traits: said });
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ profile: said });
    await leadIdOf(project, { userId: 'ada', eventType: 'told', traits: { constructor: null, toString: null } });
    expect((await project.get(`/api/leads/${leadId}`)).profile).toEqual({ plan: 'pro' });
  });

  it('counts no more than its limits allow', async () => {
    const project = await app().project();
    await publish(project, {
      engagement: [
        { id: 'seen', when: { eventType: 'page_view' }, points: 5, limit: { times: 2, per: 'day' } },
        { id: 'came', when: { eventType: 'signup' }, points: 7, limit: { times: 1, per: 'lead' } },
      ],
    });
    const at = (day: string, eventType: string) => ({
      userId: 'ada',
      eventType,
      timestamp: `2026-03-${day}T08:00:00Z`,
    });
    const views = ['07', '08', '08', '08', '08', '09', '09'].map((day) => at(day, 'page_view'));
    await project.batch([...views, at('01', 'signup'), at('02', 'signup')]);
    const [lead] = await project.all('/api/leads');
    expect(lead).toMatchObject({ score: 32, activities: 9 });
    const explanation = await project.get(`/api/leads/${lead.leadId}/score`);
    expect(sumOf(explanation)).toBe(32);
    const limits = explanation.contributions.filter(({ kind }: Json) => kind === 'limit');
    expect(limits).toMatchObject([
      { rule: 'seen', points: -10, count: 2 },
      { rule: 'came', points: -7, count: 1 },
    ]);
  });

  it('may call its stages and rules what objects in JavaScript have anyway', async () => {
    const project = await app().project();
    await publish(project, {
      engagement: [{ id: 'constructor', when: { eventType: 'constructor' }, points: 5, group: 'constructor' }],
      groups: { constructor: { cap: 4 } },
      stages: [
        { name: 'cold', from: 0 },
        { name: 'constructor', from: 3 },
      ],
    });
    const event = {
      userId: 'ada',
      eventType: 'constructor',
      traits: { constructor: 'x' },
      properties: { toString: 'y' },
    };
    const leadId = await leadIdOf(project, event);
    const others = ['grace', 'hedy'].map((userId) => ({ ...event, userId }));
    await project.batch(others);
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 4, stage: 'constructor' });
    expect((await project.get('/api/analytics/dashboard')).stages).toEqual({ cold: 0, constructor: 3 });
    expect(sumOf(await project.get(`/api/leads/${leadId}/score`))).toBe(4);
  });

  it('lets points decay with time, at any time that is asked for', async () => {
    await using own = await openTestApp();
    const project = await own.project();
    const begin = own.clock.now();
    const halved = { id: 'came', when: { eventType: 'signup' }, points: 40, decay: { halfLifeDays: 10 } };
    const expiring = { id: 'seen', when: { eventType: 'page_view' }, points: 5, decay: { expireAfterDays: 7 } };
    await publish(project, { engagement: [halved, expiring] });
    const leadId = await leadIdOf(project, { userId: 'ada', eventType: 'signup' });
    await leadIdOf(project, { userId: 'ada', eventType: 'page_view' });
    const scoreAt = async (time?: Date): Promise<number> => {
      const query = time ? `?asOf=${time.toISOString()}` : '';
      const explanation = await project.get(`/api/leads/${leadId}/score${query}`);
      expect(sumOf(explanation)).toBe(explanation.score);
      return explanation.score;
    };
    expect(await scoreAt()).toBe(45);
    // The job of the new model scores at the time at which it runs.
    await own.settled();
    own.clock.forward(10 * dayMs);
    expect(await scoreAt()).toBe(20);
    expect(await scoreAt(begin)).toBe(45);
    expect(await scoreAt(new Date(begin.getTime() + 5 * dayMs))).toBe(33.28);
    expect((await project.read(`/api/leads/${leadId}/score?asOf=2026-01-01T00:00:00Z`)).status).toBe(404);

    await leadIdOf(project, { userId: 'ada', eventType: 'signup', eventId: 'again' });
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({ score: 60, stage: 'qualified' });
    const { data } = await project.get(`/api/leads/${leadId}/events`);
    expect(data.findLast(({ type }: Json) => type === 'LeadScored').data).toMatchObject({ score: 60, delta: 15 });
  });
});

describe('The timeline', () => {
  it('is in the order in which things occurred, also when some arrive late, and says what each did', async () => {
    const project = await app().project();
    const at = (eventId: string, eventType: string, time: string) => ({
      userId: 'ada',
      eventId,
      eventType,
      timestamp: `2026-03-10T${time}:00Z`,
    });
    const leadId = await leadIdOf(project, at('noon', 'signup', '11:00'));
    await leadIdOf(project, at('late', 'page_view', '09:00'));
    await leadIdOf(project, at('later', 'download', '10:00'));
    await leadIdOf(project, at('odd', 'unheard', '10:30'));
    const { data } = await project.get(`/api/leads/${leadId}/timeline`);
    expect(data.map(({ eventId, delta, score, because }: Json) => ({ eventId, delta, score, because }))).toEqual([
      { eventId: 'late', delta: 5, score: 35, because: [{ rule: 'page_view', points: 5 }] },
      { eventId: 'later', delta: 15, score: 50, because: [{ rule: 'download', points: 15 }] },
      { eventId: 'odd', delta: 0, score: 50, because: [] },
      { eventId: 'noon', delta: 30, score: 30, because: [{ rule: 'signup', points: 30 }] },
    ]);
    const reversed = await project.get(`/api/leads/${leadId}/timeline?order=desc`);
    expect(reversed.data).toEqual(data.toReversed());
    expect(await project.get(`/api/leads/${leadId}`)).toMatchObject({
      firstSeenAt: '2026-03-10T09:00:00.000Z',
      lastActivityAt: '2026-03-10T11:00:00.000Z',
    });
  });
});

describe('A project at a glance', () => {
  it('has the highest scores on its leaderboard', async () => {
    const project = await app().project();
    const views = (userId: string, count: number) =>
      Array.from({ length: count }, () => ({ userId, eventType: 'page_view' }));
    await project.batch([...views('three', 3), ...views('one', 1), ...views('four', 4), ...views('two', 2)]);
    const { data } = await project.get('/api/leaderboard?limit=3');
    expect(data.map(({ rank, score, identifiers }: Json) => [rank, score, identifiers[0].value])).toEqual([
      [1, 20, 'four'],
      [2, 15, 'three'],
      [3, 10, 'two'],
    ]);
    await project.batch(Array.from({ length: 60 }, (_, at) => ({ userId: `zero-${at}`, eventType: 'nothing' })));
    expect((await project.get('/api/leaderboard')).data).toHaveLength(50);
  });

  it('has numbers that add up', async () => {
    const project = await app().project();
    const did = (userId: string, ...types: readonly string[]) => types.map((eventType) => ({ userId, eventType }));
    await project.batch([
      ...did('cold', 'page_view'),
      ...did('warm', 'signup'),
      ...did('won', 'signup', 'demo_request', 'unsubscribe', 'download'),
      ...did('other', 'contract_signed'),
    ]);
    const dashboard = await project.get('/api/analytics/dashboard');
    expect(dashboard).toMatchObject({
      totals: { leads: 4, activities: 7, merged: 0, qualifications: 2 },
      stages: { cold: 1, warm: 1, hot: 0, qualified: 2 },
      qualified: 2,
      conversion: 0.5,
    });
    const counts = { activities: 7, leads: 4, merged: 0, qualifications: 2 };
    expect(dashboard.perMinute).toEqual([{ at: '2026-03-10T12:00:00.000Z', ...counts }]);
    expect(dashboard.perHour).toEqual([{ at: '2026-03-10T12:00:00.000Z', ...counts }]);
    expect(dashboard.perDay).toEqual([{ at: '2026-03-10T00:00:00.000Z', ...counts }]);
  });
});
