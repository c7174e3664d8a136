import { describe, expect, it } from 'vitest';
import { appOfFile, tickingClock } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

// The older of two leads survives: none may be as old as another.
const app = appOfFile(tickingClock());

/** Records activities one after the other; gives the answers. */
const sendAll = async (project: Project, ...events: readonly object[]): Promise<readonly Json[]> => {
  const answers: Json[] = [];
  for (const event of events) answers.push(mustBe(await project.send(event), 202).body);
  return answers;
};

const view = (who: object, eventId: string) => ({ ...who, eventId, eventType: 'page_view' });

/** The one lead of a project, with its history and what explains its score. */
const onlyLead = async (project: Project) => {
  const leads = await project.all('/api/leads');
  expect(leads).toHaveLength(1);
  const { leadId } = leads[0];
  const timeline = await project.all(`/api/leads/${leadId}/timeline`);
  return {
    leadId,
    lead: leads[0],
    eventIds: timeline.map(({ eventId }) => eventId).sort(),
    identifiers: leads[0].identifiers.map(({ kind, value }: Json) => `${kind}:${value}`).sort(),
    explanation: await project.get(`/api/leads/${leadId}/score`),
  };
};

const factsOf = async (project: Project, leadId: string): Promise<readonly Json[]> =>
  project.all(`/api/leads/${leadId}/events?limit=200`);

describe('A visitor who becomes known', () => {
  it('stays the same lead, with everything they did before', async () => {
    const project = await app().project();
    const [before, after, later] = await sendAll(
      project,
      view({ anonymousId: 'cookie' }, 'e1'),
      { anonymousId: 'cookie', userId: 'ada', eventId: 'e2', eventType: 'signup' },
      view({ userId: 'ada' }, 'e3'),
    );
    expect({ afterLeadId: after.leadId, laterLeadId: later.leadId }).toEqual({
      afterLeadId: before.leadId,
      laterLeadId: before.leadId,
    });
    const { lead, eventIds, identifiers } = await onlyLead(project);
    expect(lead).toMatchObject({ score: 40, activities: 3, leadId: before.leadId });
    expect({ eventIds, identifiers }).toEqual({
      eventIds: ['e1', 'e2', 'e3'],
      identifiers: ['anonymousId:cookie', 'userId:ada'],
    });
  });

  it('is found again when they come back on another device', async () => {
    const project = await app().project();
    const [known, both, anonymous] = await sendAll(
      project,
      view({ userId: 'ada' }, 'e1'),
      view({ userId: 'ada', anonymousId: 'phone' }, 'e2'),
      view({ anonymousId: 'phone' }, 'e3'),
    );
    expect({ bothLeadId: both.leadId, anonymousLeadId: anonymous.leadId }).toEqual({
      bothLeadId: known.leadId,
      anonymousLeadId: known.leadId,
    });
    expect((await onlyLead(project)).lead).toMatchObject({ score: 15, activities: 3 });
  });

  it('may name all three identifiers at once, and is found by each of them', async () => {
    const project = await app().project();
    const who = { userId: 'ada', email: ' Ada@Example.com', anonymousId: 'cookie' };
    const [{ leadId }] = await sendAll(project, view(who, 'e1'));
    for (const query of ['userId=ada', 'email=ada%40example.com', 'email=ADA%40example.com', 'anonymousId=cookie']) {
      const found = mustBe(await project.read(`/api/leads/lookup?${query}`), 200);
      expect({ query, leadId: found.body.leadId, score: found.body.score }).toEqual({ query, leadId, score: 5 });
      expect(found.headers['content-location']).toBe(`/api/leads/${leadId}`);
    }
    const { identifiers } = await onlyLead(project);
    expect(identifiers).toEqual(['anonymousId:cookie', 'email:ada@example.com', 'userId:ada']);
    expect((await project.read('/api/leads/lookup?userId=nobody')).body).toMatchObject({
      status: 404,
      detail: `No lead of project ${project.projectId} has this userId`,
    });
    expect((await project.read('/api/leads/lookup?userId=ada&email=ada%40example.com')).status).toBe(400);
  });
});

describe('Two leads that turn out to be one person', () => {
  const meet = async (project: Project) => {
    const [older, younger, met] = await sendAll(
      project,
      { email: 'ada@example.com', eventId: 'e1', eventType: 'signup', traits: { plan: 'free', city: 'Paris' } },
      { userId: 'ada', eventId: 'e2', eventType: 'demo_request', traits: { plan: 'pro' } },
      view({ userId: 'ada', email: 'ada@example.com' }, 'e3'),
    );
    return { older: older.leadId, younger: younger.leadId, met: met.leadId };
  };

  it('become the older one, with the activities of both, each once', async () => {
    const project = await app().project();
    const { older, younger, met } = await meet(project);
    expect(younger).not.toBe(older);
    expect(met).toBe(older);
    const { leadId, lead, eventIds, explanation, identifiers } = await onlyLead(project);
    expect(leadId).toBe(older);
    expect(lead).toMatchObject({
      score: 85,
      stage: 'qualified',
      activities: 3,
      profile: { plan: 'pro', city: 'Paris' },
    });
    expect(explanation.score).toBe(85);
    expect(eventIds).toEqual(['e1', 'e2', 'e3']);
    expect(identifiers).toEqual(['email:ada@example.com', 'userId:ada']);
  });

  it('count an activity that both had once', async () => {
    const project = await app().project();
    const [first, second] = await sendAll(
      project,
      view({ email: 'ada@example.com' }, 'twice'),
      view({ userId: 'ada' }, 'twice'),
    );
    expect({ firstStatus: first.status, secondStatus: second.status }).toEqual({
      firstStatus: 'queued',
      secondStatus: 'queued',
    });
    await sendAll(project, view({ userId: 'ada', email: 'ada@example.com' }, 'e2'));
    const { lead, eventIds, explanation } = await onlyLead(project);
    expect({
      leadScore: lead.score,
      activities: lead.activities,
      explanationScore: explanation.score,
      eventIds,
    }).toEqual({ leadScore: 10, activities: 2, explanationScore: 10, eventIds: ['e2', 'twice'] });
    const [again] = await sendAll(project, view({ userId: 'ada' }, 'twice'));
    expect(again).toMatchObject({ status: 'duplicate', leadId: lead.leadId });
  });

  it('are led to by the id that is no lead any more, wherever it is asked for', async () => {
    const project = await app().project();
    const { older, younger } = await meet(project);
    await app().settled();
    for (const part of ['', '/timeline', '/score', '/events']) {
      const [asked, survivor] = [`/api/leads/${younger}${part}`, `/api/leads/${older}${part}`];
      const answer = mustBe(await project.read(asked), 200);
      expect(answer.headers['content-location']).toBe(survivor);
      const { asOf: _, ...told } = await project.get(survivor);
      expect(answer.body).toMatchObject(told);
      expect((await project.read(survivor)).headers['content-location']).toBeUndefined();
    }
  });

  it('leave numbers behind that count one person', async () => {
    const project = await app().project();
    await meet(project);
    await sendAll(project, view({ userId: 'grace' }, 'g1'));
    expect(await project.get('/api/analytics/dashboard')).toMatchObject({
      totals: { leads: 2, activities: 4, merged: 1 },
      stages: { cold: 1, warm: 0, hot: 0, qualified: 1 },
      qualified: 1,
      conversion: 0.5,
    });
    const { data } = await project.get('/api/leaderboard');
    expect(data.map(({ score }: Json) => score)).toEqual([85, 5]);
    expect(await project.all('/api/leads?q=ada')).toHaveLength(1);
  });

  it('count what both had recorded under one event id once', async () => {
    const project = await app().project();
    await sendAll(
      project,
      view({ anonymousId: 'laptop' }, 'same'),
      view({ userId: 'ada' }, 'same'),
      view({ userId: 'ada', anonymousId: 'laptop' }, 'joins'),
    );
    const { lead, eventIds } = await onlyLead(project);
    expect({ activities: lead.activities, eventIds }).toEqual({ activities: 2, eventIds: ['joins', 'same'] });
    const { totals, perDay } = await project.get('/api/analytics/dashboard');
    expect(totals).toMatchObject({ leads: 1, activities: 2, merged: 1 });
    expect(perDay).toMatchObject([{ leads: 2, activities: 3, merged: 1 }]);
  });

  it('may be many: a chain of merges ends at the oldest, from every id', async () => {
    const project = await app().project();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const answers = await sendAll(project, ...ids.map((id) => view({ anonymousId: id }, `first-${id}`)));
    // From the young end, so that the ids lead over several merges.
    const links = ids.slice(1).map((id, at) => ({ email: `${id}@example.com`, anonymousId: id, at }));
    await sendAll(
      project,
      ...links.map(({ email, anonymousId }) => view({ email, anonymousId }, `mail-${anonymousId}`)),
    );
    for (const { email, at } of links.toReversed()) {
      await sendAll(project, view({ email, anonymousId: ids[at] }, `join-${at}`));
    }
    const { leadId, lead, eventIds, explanation } = await onlyLead(project);
    expect(leadId).toBe(answers[0].leadId);
    expect(eventIds).toHaveLength(16);
    expect({ leadScore: lead.score, activities: lead.activities, explanationScore: explanation.score }).toEqual({
      leadScore: 80,
      activities: 16,
      explanationScore: 80,
    });
    for (const answer of answers) {
      expect((await project.get(`/api/leads/${answer.leadId}`)).leadId).toBe(leadId);
      expect((await project.get(`/api/leads/${answer.leadId}/score`)).leadId).toBe(leadId);
    }
    for (const id of ids) expect((await project.get(`/api/leads/lookup?anonymousId=${id}`)).leadId).toBe(leadId);
    const { totals, stages } = await project.get('/api/analytics/dashboard');
    expect(totals).toMatchObject({ leads: 1, activities: 16, merged: 5 });
    expect(stages).toEqual({ cold: 0, warm: 0, hot: 0, qualified: 1 });
  });
});

describe('A second userId', () => {
  it('is refused by a lead that has one, and the refusal is told and remembered', async () => {
    const project = await app().project();
    const [ada] = await sendAll(project, view({ userId: 'ada', anonymousId: 'tablet' }, 'e1'));
    const [grace] = await sendAll(project, view({ userId: 'grace', anonymousId: 'tablet' }, 'e2'));
    expect(grace).toMatchObject({ status: 'queued', warnings: [{ code: 'link-refused' }] });
    expect(grace.warnings[0].detail).toContain('anonymousId "tablet" stays with another lead');
    expect(grace.leadId).not.toBe(ada.leadId);

    const facts = await factsOf(project, grace.leadId);
    const refused = facts.filter(({ type }) => type === 'LinkRefused');
    expect(refused.map(({ data }) => data)).toMatchObject([
      { identifier: { kind: 'anonymousId', value: 'tablet' }, leadId: ada.leadId },
    ]);
    expect((await project.get('/api/leads/lookup?anonymousId=tablet')).leadId).toBe(ada.leadId);
    expect(await project.all('/api/leads')).toHaveLength(2);

    const [again] = await sendAll(project, view({ userId: 'grace', anonymousId: 'tablet' }, 'e3'));
    expect(again.warnings).toHaveLength(1);
    expect((await factsOf(project, grace.leadId)).filter(({ type }) => type === 'LinkRefused')).toHaveLength(1);
  });

  it('keeps two known leads apart that share an address', async () => {
    const project = await app().project();
    const [ada, grace] = await sendAll(
      project,
      view({ userId: 'ada', email: 'office@example.com' }, 'e1'),
      view({ userId: 'grace' }, 'e2'),
      view({ userId: 'grace', email: 'office@example.com' }, 'e3'),
    );
    const leads = await project.all('/api/leads?sort=score');
    expect(leads.map(({ leadId, score }) => [leadId, score])).toEqual([
      [ada.leadId, 5],
      [grace.leadId, 10],
    ]);
    expect((await project.get('/api/analytics/dashboard')).totals).toMatchObject({ leads: 2, merged: 0 });
  });
});
