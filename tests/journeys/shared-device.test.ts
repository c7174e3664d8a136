import { describe, expect, it } from 'vitest';
import { leadLimits } from '../../src/domain/lead/lead-limits.ts';
import { appOfFile, tickingClock } from '../support/app.ts';
import type { Json, Project } from '../support/client.ts';
import { mustBe } from '../support/client.ts';

// The older of two leads survives: none may be as old as another.
const app = appOfFile(tickingClock());

const { emailsOfDevice: most } = leadLimits;
const addresses = Array.from({ length: most + 3 }, (_, at) => `guest-${at}@example.com`);
const onKiosk = (email: string) => ({ email, anonymousId: 'kiosk', eventType: 'page_view' });

const send = async (project: Project, event: object): Promise<Json> => mustBe(await project.send(event), 202).body;

const addressesOf = (lead: Json): number => lead.identifiers.filter(({ kind }: Json) => kind === 'email').length;

/** Fails unless the device has one lead with as many addresses as it may, and each further one a lead of its own. */
const mustBeApart = async (project: Project): Promise<void> => {
  const leads = await project.all('/api/leads');
  expect(leads.map(addressesOf).toSorted((a, b) => b - a)).toEqual([most, 1, 1, 1]);
  await app().settled();
  const items = await project.all('/api/work-items?kind=link_refused');
  const device = await project.get('/api/leads/lookup?anonymousId=kiosk');
  expect(items).toMatchObject([{ kind: 'link_refused', status: 'open', leadId: device.leadId }]);
  expect(items[0].reason).toContain('shared device');
};

describe('A device that many people share', () => {
  it('is the first people’s, and the others have leads of their own', async () => {
    const project = await app().project();
    const answers: Json[] = [];
    for (const email of addresses) answers.push(await send(project, onKiosk(email)));
    expect(new Set(answers.map(({ leadId }) => leadId)).size).toBe(4);
    for (const [at, { warnings }] of answers.entries()) {
      if (at < most) expect(warnings).toBeUndefined();
      else expect(warnings).toMatchObject([{ code: 'link-refused', detail: expect.stringContaining('shared device') }]);
    }
    const last = answers.at(-1);
    const facts = await project.all(`/api/leads/${last.leadId}/events`);
    expect(facts.filter(({ type }) => type === 'LinkRefused').map(({ data }) => data)).toMatchObject([
      { identifier: { kind: 'anonymousId', value: 'kiosk' }, leadId: answers[0].leadId, limit: 'sharedDevice' },
    ]);
    await mustBeApart(project);
    // And so it goes on, whoever comes back.
    for (const [at, email] of addresses.entries()) {
      expect((await send(project, onKiosk(email))).leadId).toBe(answers[at].leadId);
    }
    expect((await send(project, { anonymousId: 'kiosk', eventType: 'page_view' })).leadId).toBe(answers[0].leadId);
    await mustBeApart(project);
  });

  it('is so in a batch', async () => {
    const project = await app().project();
    const { body } = mustBe(await project.batch(addresses.map(onKiosk)), 200);
    expect(body.results.map(({ warnings }: Json) => warnings?.length ?? 0)).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
    await mustBeApart(project);
  });

  it('is so when all come at once', async () => {
    const project = await app().project();
    await Promise.all(addresses.map((email) => send(project, onKiosk(email))));
    await mustBeApart(project);
  });

  it('is so when all were known before', async () => {
    const project = await app().project();
    for (const email of addresses) await send(project, { email, eventType: 'signup' });
    for (const email of addresses) await send(project, onKiosk(email));
    await mustBeApart(project);
  });

  it('is none when a person has as many addresses, or somebody one of another project', async () => {
    const [project, other] = [await app().project(), await app().project()];
    for (const email of addresses) await send(project, { email, userId: 'ada', eventType: 'signup' });
    for (const email of addresses) await send(project, { ...onKiosk(email), userId: 'ada' });
    expect(await project.all('/api/leads')).toHaveLength(1);
    expect(await send(other, onKiosk(addresses[0] ?? ''))).not.toHaveProperty('warnings');
  });
});
