import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedWaits } from '../../src/api/routes/feed.ts';
import { appOfFile } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { salesOf } from '../support/sales.ts';

const app = appOfFile();
const opened = async (name?: string) => salesOf(app(), name);

const page = async ({ request }: Project, query = ''): Promise<Json> =>
  mustBe(await request('GET', `/api/feed?${query}`), 200).body;

/** Everything up to the end of the log, by pages. */
const everything = async (project: Project, query = '', after?: string): Promise<readonly Json[]> => {
  const all: Json[] = [];
  for (let next = after; ;) {
    const from: string = next === undefined ? '' : `&after=${encodeURIComponent(next)}`;
    const told = await page(project, `${query}${from}`);
    all.push(...told.data);
    if (told.data.length === 0 && told.next === next) return all;
    next = told.next;
  }
};
const typesOf = (told: readonly Json[]): readonly string[] => told.map(({ type }: Json) => type);

describe('The feed', () => {
  it('tells what happened to leads from the beginning, in the order of the log', async () => {
    const { project, qualify, team, rep } = await opened();
    await team('sales');
    await rep('kim');
    const leadId = await qualify({ userId: 'ada', email: 'ada@example.com' }, { company: 'Analytical' });
    const told = await everything(project, 'limit=3');
    expect(typesOf(told)).toEqual(
      expect.arrayContaining(['lead.captured', 'lead.scored', 'lead.stage_changed', 'lead.qualified', 'lead.assigned']),
    );
    const positions = told.map(({ position }: Json) => position);
    expect(positions).toEqual([...new Set(positions)].toSorted((a: number, b: number) => a - b));
    const qualified = told.find(({ type }: Json) => type === 'lead.qualified');
    const lead = await project.get(`/api/leads/${leadId}`);
    expect(qualified).toMatchObject({
      sequence: expect.any(Number),
      data: { projectId: project.projectId, leadId, score: lead.score, stage: lead.stage, count: 1 },
    });
    expect(qualified.data.profile).toMatchObject({ company: 'Analytical' });
    for (const { data, type } of told) {
      expect(data.projectId, type).toBe(project.projectId);
    }
  });

  it('has a next even where there is nothing, which goes on when something comes', async () => {
    const { project } = await opened();
    const empty = await page(project);
    expect(empty).toEqual({ data: [], next: expect.any(String) });
    await project.send({ userId: 'ada', eventType: 'page_view' });
    const after = `after=${encodeURIComponent(empty.next)}`;
    expect((await page(project, after)).data).not.toEqual([]);
  });

  it('tells some types, or of one lead, where that is asked for, and goes on with other filters', async () => {
    const { project, qualify } = await opened();
    const ada = await qualify({ userId: 'ada' });
    const bob = await qualify({ userId: 'bob' });
    const qualified = await everything(project, 'types=lead.qualified');
    expect(qualified.map(({ data }: Json) => data.leadId)).toEqual([ada, bob]);
    expect(new Set(typesOf(await everything(project, 'types=lead.qualified,lead.captured')))).toEqual(
      new Set(['lead.captured', 'lead.qualified']),
    );
    const ofBob = await everything(project, `leadId=${bob}`);
    expect(new Set(ofBob.map(({ data }: Json) => data.leadId))).toEqual(new Set([bob]));
    expect(typesOf(ofBob)).toContain('work_item.opened');
    const all = await everything(project);
    const { data, next } = await page(project, 'types=lead.qualified&limit=1');
    const rest = await everything(project, '', next);
    expect(rest).toEqual(all.filter(({ position }: Json) => position > data[0].position));
    expect(await everything(project, 'types=quota.reached')).toEqual([]);
  });

  it('refuses what it does not know', async () => {
    const { project } = await opened();
    const refused = async (query: string) => (await project.request('GET', `/api/feed?${query}`)).status;
    expect(await refused('types=lead.gone')).toBe(400);
    expect(await refused('types=')).toBe(400);
    expect(await refused('wait=31')).toBe(400);
    expect(await refused('limit=201')).toBe(400);
    expect(await refused('cursor=x')).toBe(400);
    expect((await app().transport({ method: 'GET', path: '/api/feed' })).status).toBe(401);
    expect((await app().root('GET', '/api/feed')).body.code).toBe('project-missing');
  });

  it('is of one project: another sees nothing of it, and can not go on with its cursors', async () => {
    const [one, two] = [await opened('One'), await opened('Two')];
    await one.qualify({ userId: 'ada' });
    expect(await everything(two.project)).toEqual([]);
    const { next } = await page(one.project);
    const other = await two.project.request('GET', `/api/feed?after=${encodeURIComponent(next)}`);
    expect([other.status, other.body.code, other.body.errors[0].pointer]).toEqual([400, 'invalid-cursor', '/after']);
    expect(mustBe(await one.project.asRoot('GET', '/api/feed'), 200).body.next).toBe(next);
  });

  it('takes no cursor that was changed anywhere', async () => {
    const { project } = await opened();
    const { next } = await page(project);
    await fc.assert(
      fc.asyncProperty(fc.nat(next.length - 1), fc.constantFrom('A', 'b', '7', '.', '_'), async (at, letter) => {
        fc.pre(next[at] !== letter);
        const changed = `${next.slice(0, at)}${letter}${next.slice(at + 1)}`;
        const { status } = await project.request('GET', `/api/feed?after=${encodeURIComponent(changed)}`);
        // The last letter of each part has bits that say nothing.
        expect([400, ...(/[.]|$/.test(next[at + 1] ?? '') ? [200] : [])]).toContain(status);
      }),
      { numRuns: 60 },
    );
  });

  it('tells the same after a restart, and goes on with a cursor of before', async () => {
    const { project, qualify } = await opened();
    await qualify({ userId: 'ada' });
    const before = await everything(project);
    const { next } = await page(project, 'limit=2');
    await app().restart();
    expect(await everything(project)).toEqual(before);
    expect(await everything(project, '', next)).toEqual(before.slice(2));
  });

  it('does not tell what a new scoring model makes of leads', async () => {
    const { project, path, ask } = await opened();
    await project.send({ userId: 'ada', eventType: 'signup' });
    await app().settled();
    const before = await everything(project);
    const { body, headers } = mustBe(await ask('GET', `${path}/scoring-model`), 200);
    const { version: _, publishedAt: __, ...model } = body;
    const rules = model.rules?.map((rule: Json) => ({ ...rule, points: (rule.points ?? 1) + 1 }));
    mustBe(
      await project.asRoot('PUT', `${path}/scoring-model`, {
        body: { ...model, ...(rules && { rules }) },
        headers: { 'if-match': String(headers['etag']) },
      }),
      200,
    );
    await app().settled();
    const lead = (await project.get('/api/leads')).data[0];
    expect(lead.score).toBeGreaterThan(0);
    expect(await everything(project)).toEqual(before);
  });

  it('begins where the project does, so that a young one is not looked for in what others did before', async () => {
    const [many, young] = [await opened('Many'), await opened('Young')];
    const views = Array.from({ length: 2_500 }, (_, at) => ({ userId: `u${at % 50}`, eventType: 'page_view' }));
    for (const part of [views, views]) mustBe(await many.project.batch(part), 200);
    const late = await opened('Late');
    await late.project.send({ userId: 'ada', eventType: 'page_view' });
    expect(typesOf((await page(late.project)).data)).toContain('lead.captured');
    await young.project.send({ userId: 'ada', eventType: 'page_view' });
    expect((await page(young.project)).data).toEqual([]);
  });

  it('looks at 5,000 facts for a page, and says where to go on', async () => {
    const [few, many] = [await opened('Few'), await opened('Many')];
    const { next } = await page(few.project);
    const views = Array.from({ length: 2_500 }, (_, at) => ({ userId: `u${at % 50}`, eventType: 'page_view' }));
    for (const part of [views, views]) mustBe(await many.project.batch(part), 200);
    await few.project.send({ userId: 'ada', eventType: 'page_view' });
    const first = await page(few.project, `after=${encodeURIComponent(next)}`);
    expect([first.data, first.next === next]).toEqual([[], false]);
    expect(typesOf(await everything(few.project, '', next))).toContain('lead.captured');
  });
});

describe('The feed at its end', () => {
  it('holds an answer until something comes that is wanted', async () => {
    const { project, qualify } = await opened();
    const { next } = await page(project);
    const held = page(project, `after=${encodeURIComponent(next)}&types=lead.qualified&wait=30`);
    await project.send({ userId: 'bob', eventType: 'page_view' });
    const leadId = await qualify({ userId: 'ada' });
    const told = await held;
    expect(told.data.map(({ type, data }: Json) => [type, data.leadId])).toEqual([['lead.qualified', leadId]]);
    // What follows from that comes by itself. `next` is behind what was looked at, which none of what was asked for is missing from.
    await app().settled();
    const rest = (await everything(project)).filter(({ position }: Json) => position > told.data[0].position);
    const goesOn = await everything(project, '', told.next);
    const passed = rest.slice(0, rest.length - goesOn.length);
    expect([...passed, ...goesOn]).toEqual(rest);
    expect(typesOf(passed)).not.toContain('lead.qualified');
  });

  it('answers with nothing after the time, further on when others wrote', async () => {
    const [quiet, busy] = [await opened('Quiet'), await opened('Busy')];
    const { next } = await page(quiet.project);
    const held = page(quiet.project, `after=${encodeURIComponent(next)}&wait=1`);
    await busy.qualify({ userId: 'ada' });
    const told = await held;
    expect([told.data, told.next === next]).toEqual([[], false]);
  });

  it('lets so many of a project wait and no more, and others none the less', async () => {
    const [one, two] = [await opened('One'), await opened('Two')];
    const { next } = await page(one.project);
    const path = `/api/feed?after=${encodeURIComponent(next)}&wait=30`;
    const held = Array.from({ length: feedWaits.ofProject }, () => one.project.request('GET', path));
    // Requests are taken in the order in which they come.
    const refused = await one.project.request('GET', path);
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([
      ...[429, 'too-many-requests', '5'],
    ]);
    expect((await one.project.request('GET', '/api/feed')).status).toBe(200);
    const other = page(two.project, 'wait=30');
    await two.project.send({ userId: 'ada', eventType: 'page_view' });
    expect((await other).data).not.toEqual([]);
    await one.project.send({ userId: 'ada', eventType: 'page_view' });
    const answers = await Promise.all(held);
    for (const { status, body } of answers) expect([status, body.data.length > 0]).toEqual([200, true]);
    const after = await one.project.request('GET', path.replace('wait=30', 'wait=1'));
    expect(after.status).toBe(200);
  });

  it('answers who waits when the process stops', async () => {
    const { project } = await opened();
    const { next } = await page(project);
    const held = page(project, `after=${encodeURIComponent(next)}&wait=30`);
    await app().restart();
    expect((await held).data).toEqual([]);
  });
});
