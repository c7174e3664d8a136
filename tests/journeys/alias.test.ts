import { describe, expect, it } from 'vitest';
import { appOfFile, tickingClock } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

// The older of two leads survives: none may be as old as another.
const app = appOfFile(tickingClock());

/** Records one thing that somebody did; gives their lead. */
const leadOf = async (project: Project, who: object): Promise<string> =>
  mustBe(await project.send({ ...who, eventType: 'page_view' }), 202).body.leadId;

const call = (project: Project, body: object, path = '/v1/alias'): Promise<Json> =>
  project.request('POST', path, { body }).then((answer) => mustBe(answer, 200).body);

/** What an alias is answered. */
const alias = async (project: Project, userId: string, previousId: unknown): Promise<Json> =>
  (await call(project, { userId, previousId })).results[0];

const leadsOf = async (project: Project): Promise<readonly string[]> =>
  (await project.all('/api/leads')).map(({ leadId }) => leadId);

describe('An alias', () => {
  it.each([
    ['an e-mail address', { email: 'Ada@Example.com' }, ' ada@example.COM '],
    ['an anonymousId', { anonymousId: 'device-1' }, 'device-1'],
    ['an anonymousId that looks like an e-mail address', { anonymousId: 'ada@laptop' }, 'ada@laptop'],
    ['a number', { anonymousId: '4711' }, 4711],
  ])('makes one lead of a userId and of whom %s leads to', async (_, who, previousId) => {
    const project = await app().project();
    const before = await leadOf(project, who);
    const user = await leadOf(project, { userId: 'u-1' });
    expect(user).not.toBe(before);
    expect(await alias(project, 'u-1', previousId)).toMatchObject({ status: 'queued', leadId: before });
    expect(await leadsOf(project)).toEqual([before]);
    expect(await leadOf(project, { userId: 'u-1' })).toBe(before);
    expect(await leadOf(project, who)).toBe(before);
  });

  it.each([
    ['an e-mail address', 'new@example.com', { email: 'new@example.com' }],
    ['another id', 'device-9', { anonymousId: 'device-9' }],
  ])('has %s that nobody used before lead to the lead of the userId', async (_, previousId, who) => {
    const project = await app().project();
    const { leadId, warnings } = await alias(project, 'u-1', previousId);
    expect(warnings).toBeUndefined();
    expect(await leadOf(project, who)).toBe(leadId);
    expect(await leadsOf(project)).toEqual([leadId]);
  });

  it('of two userIds is refused: in the answer, as a fact and as work, and again as often as it is sent', async () => {
    const project = await app().project();
    const [one, two] = [await leadOf(project, { userId: 'u-1' }), await leadOf(project, { userId: 'u-2' })];
    for (const _ of ['once', 'twice']) {
      const answer = await alias(project, 'u-2', 'u-1');
      expect(answer).toMatchObject({ leadId: two, warnings: [{ code: 'link-refused' }] });
      expect(answer.warnings[0].detail).toBe(
        'userId "u-1" stays with another lead, because a lead has one userId at most',
      );
    }
    const facts = await project.all(`/api/leads/${two}/events?limit=200`);
    expect(facts.filter(({ type }) => type === 'LinkRefused').map(({ data }) => data)).toMatchObject([
      { identifier: { kind: 'userId', value: 'u-1' }, leadId: one },
    ]);
    await app().settled();
    expect(await project.all('/api/work-items')).toMatchObject([
      { kind: 'link_refused', leadId: two, details: { otherLeadId: one } },
    ]);
    expect(new Set(await leadsOf(project))).toEqual(new Set([one, two]));
  });

  it('gives a userId that nobody used a lead of its own when the previous id is a userId', async () => {
    const project = await app().project();
    const one = await leadOf(project, { userId: 'u-1', email: 'u-1@example.com' });
    const answer = await alias(project, 'u-2', 'u-1');
    expect(answer).toMatchObject({ status: 'queued', warnings: [{ code: 'link-refused' }] });
    expect(answer.leadId).not.toBe(one);
  });

  it('means the strongest that the previous id leads to', async () => {
    const project = await app().project();
    const both = 'ada@example.com';
    const [device, mail] = [await leadOf(project, { anonymousId: both }), await leadOf(project, { email: both })];
    expect(await alias(project, 'u-1', both)).toMatchObject({ leadId: mail });
    expect(await leadOf(project, { anonymousId: both })).toBe(device);
    const user = await leadOf(project, { userId: both });
    expect(await alias(project, 'u-2', both)).toMatchObject({ warnings: [{ code: 'link-refused' }] });
    expect(await leadOf(project, { userId: both })).toBe(user);
  });

  it('knows whom the calls before it in its batch told of', async () => {
    const project = await app().project();
    const batch = [
      { type: 'track', event: 'x', anonymousId: 'device-1' },
      { type: 'identify', userId: 'u-1', traits: { email: 'ada@example.com' } },
      { type: 'alias', userId: 'u-1', previousId: 'ada@example.com' },
      { type: 'alias', userId: 'u-1', previousId: 'device-1' },
      { type: 'track', event: 'x', userId: 'device-2' },
      { type: 'alias', userId: 'u-1', previousId: 'device-2' },
    ];
    const { results, accepted } = await call(project, { batch }, '/v1/batch');
    expect(accepted).toBe(6);
    const leads = results.map(({ leadId }: Json) => leadId);
    expect(new Set(leads.toSpliced(4, 1)).size).toBe(1);
    expect(leads[4]).not.toBe(leads[0]);
    expect(results.map(({ warnings = [] }: Json) => warnings.length)).toEqual([0, 0, 0, 0, 0, 1]);
  });

  it('sent twice is one activity, and many at once make one lead', async () => {
    const project = await app().project();
    await leadOf(project, { anonymousId: 'device-1' });
    await leadOf(project, { email: 'ada@example.com' });
    const body = (previousId: string) => ({ userId: 'u-1', previousId, messageId: previousId });
    const sent = ['device-1', 'ada@example.com', 'device-1', 'new-device', 'ada@example.com'];
    const answers = await Promise.all(sent.map((id) => call(project, body(id))));
    expect(answers.filter(({ results }) => results[0].status === 'queued')).toHaveLength(3);
    expect(await leadsOf(project)).toHaveLength(1);
  });

  it('stays inside its project', async () => {
    const [mine, theirs] = [await app().project(), await app().project()];
    await leadOf(theirs, { userId: 'u-1' });
    expect(await alias(mine, 'u-2', 'u-1')).not.toHaveProperty('warnings');
  });
});
