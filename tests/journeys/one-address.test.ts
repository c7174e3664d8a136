import { describe, expect, it } from 'vitest';
import { capture } from '../../src/flows/capture.ts';
import type { Identifier } from '../../src/domain/identity/identity.ts';
import { appOfFile, tickingClock } from '../support/app.ts';
import type { Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';
import { request } from '../support/engine.ts';
import { activity, anonymousId, email, userId } from '../support/facts.ts';

// The older of two leads survives: none may be as old as another.
const app = appOfFile(tickingClock());

const leadOf = async (project: Project, who: object): Promise<string> =>
  mustBe(await project.send({ ...who, eventType: 'page_view' }), 202).body.leadId;

const lookedUp = async (project: Project, query: string): Promise<string> =>
  mustBe(await project.read(`/api/leads/lookup?${query}`), 200).body.leadId;

/** Records something under an identifier as it stands here, which is how one was recorded before it had a normal form. */
const recorded = async ({ projectId }: Project, identifier: Identifier): Promise<string> => {
  const { engine } = app().app();
  const before = { identifiers: [identifier] as const, activity: activity({ eventId: 'before' }), exactTime: false };
  const [captured] = await capture(engine, projectId, [before], request(`before/${projectId}/${identifier.value}`));
  return captured?.leadId ?? '';
};

const leadsOf = async (project: Project): Promise<readonly string[]> =>
  (await project.all('/api/leads')).map(({ leadId }) => leadId);

describe('One address, however it is written', () => {
  it('is one lead', async () => {
    const project = await app().project();
    const ways = ['ada@münchen.de', 'mailto:Ada@MÜNCHEN.de', 'ada@xn--mnchen-3ya.de', 'a\u200Bda@mu\u0308nchen.de'];
    const leads = new Set<string>();
    for (const way of ways) leads.add(await leadOf(project, { email: way }));
    leads.add(await leadOf(project, { userId: 'u-1', traits: { email: 'ADA@münchen.de' } }));
    expect(leads.size).toBe(1);
    for (const way of ways) expect(leads).toContain(await lookedUp(project, `email=${encodeURIComponent(way)}`));
    const [{ identifiers }] = await project.all('/api/leads');
    expect(identifiers).toEqual([email('ada@xn--mnchen-3ya.de'), userId('u-1')]);
  });

  it('is looked up with a plus that came as a space', async () => {
    const project = await app().project();
    const lead = await leadOf(project, { email: 'ada+news+more@example.com' });
    const ways = ['ada+news+more@example.com', 'ada%2Bnews%2Bmore@example.com', '%20Ada%20news+more@example.com%20'];
    for (const way of ways) expect(await lookedUp(project, `email=${way}`)).toBe(lead);
    const spaced = await leadOf(project, { userId: 'ada news' });
    expect(await lookedUp(project, 'userId=ada+news')).toBe(spaced);
  });
});

describe('An identifier that was recorded in another form', () => {
  it.each([
    [email('ada@münchen.de'), { email: 'ada@MÜNCHEN.de' }, 'email=ada@xn--mnchen-3ya.de'],
    [email('ada@münchen.de'), { email: 'ada@xn--mnchen-3ya.de' }, 'email=ada@m%C3%BCnchen.de'],
    [email('mailto:ada@example.com'), { email: 'mailto:Ada@example.com' }, 'email=mailto:ada@example.com'],
    [userId('Jose\u0301'), { userId: 'Jose\u0301' }, 'userId=Jose%CC%81'],
    [anonymousId('a\u200B-1'), { anonymousId: 'a\u200B-1' }, 'anonymousId=a%E2%80%8B-1'],
  ])('is found, and goes on as the same lead: %j', async (before, now, query) => {
    const project = await app().project();
    const lead = await recorded(project, before);
    expect(await lookedUp(project, query)).toBe(lead);
    expect(await leadOf(project, now)).toBe(lead);
    expect(await leadOf(project, now)).toBe(lead);
    expect(await leadsOf(project)).toEqual([lead]);
    expect(await lookedUp(project, query)).toBe(lead);
  });

  it('is brought together with what is known under its normal form by then', async () => {
    const project = await app().project();
    const older = await recorded(project, email('mailto:ada@example.com'));
    const younger = await leadOf(project, { email: 'ada@example.com', anonymousId: 'a-1' });
    expect(younger).not.toBe(older);
    expect(await leadOf(project, { email: 'mailto:ada@example.com', anonymousId: 'a-2' })).toBe(older);
    for (const who of [{ email: 'ada@example.com' }, { anonymousId: 'a-1' }, { anonymousId: 'a-2' }])
      expect(await leadOf(project, who)).toBe(older);
    expect(await leadsOf(project)).toEqual([older]);
  });
});
