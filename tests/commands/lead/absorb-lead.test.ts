import { describe, expect, it } from 'vitest';
import { absorbLead } from '../../../src/commands/lead/absorb-lead.ts';
import { recordActivities } from '../../../src/commands/lead/record-activities.ts';
import { lead } from '../../../src/domain/lead/lead.ts';
import {
  activity,
  activityRecorded,
  email,
  identifierAdded,
  identityConflict,
  idOf,
  leadAbsorbed,
  leadCaptured,
  leadId,
  leadMerged,
  leadQualified,
  leadScored,
  modelOf,
  profileUpdated,
  projectId,
  stageChanged,
  standard,
  userId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';
import { noon } from '../../support/noon.ts';

const from = idOf(email());

const absorbing = (more: Partial<Parameters<typeof absorbLead.decide>[1]> = {}) => ({
  projectId,
  leadId,
  from,
  identifiers: [],
  activities: [],
  last: true,
  scoring: standard,
  qualifications: { above: false, count: 0 },
  ...more,
});

const signup = activity({ eventId: 's1', eventType: 'signup' });
const second = activity({ eventId: 's2', eventType: 'signup' });
const telling = (plan: string, hour: number) =>
  activity({
    eventId: `t${hour}`,
    eventType: 'identify',
    traits: { plan },
    occurredAt: `2026-03-10T${String(hour).padStart(2, '0')}:00:00.000Z`,
  });

describe('Absorbing a merged lead', () => {
  it('takes over what it had and scores the union, each activity once', () => {
    given(leadCaptured(), activityRecorded(), leadScored())
      .when(absorbLead, absorbing({ identifiers: [email()], activities: [activity(), signup] }))
      .then(
        leadAbsorbed({ identifiers: [email()], activities: [signup], known: ['e1'] }),
        leadScored({
          score: 35,
          engagement: 35,
          delta: 30,
          cause: 'merge',
          because: [{ rule: 'signup', points: 30, eventId: 's1' }],
        }),
        stageChanged({ to: 'hot', score: 35 }),
      );
  });

  it('does nothing when it was absorbed already, by whatever command', () => {
    given(leadCaptured(), leadAbsorbed())
      .when(absorbLead, absorbing({ activities: [signup] }))
      .then();
  });

  it('in parts scores with each of them', () => {
    const part = leadAbsorbed({ activities: [signup], last: false });
    const scored = [
      leadScored({
        score: 30,
        engagement: 30,
        delta: 30,
        cause: 'merge',
        because: [{ rule: 'signup', points: 30, eventId: 's1' }],
      }),
      stageChanged(),
    ];
    given(leadCaptured())
      .when(absorbLead, absorbing({ activities: [signup], last: false }))
      .then(part, ...scored);
    given(leadCaptured(), part, ...scored)
      .when(absorbLead, absorbing({ activities: [second] }))
      .then(
        leadAbsorbed({ activities: [second] }),
        leadScored({
          score: 60,
          engagement: 60,
          delta: 30,
          cause: 'merge',
          qualified: true,
          because: [{ rule: 'signup', points: 30, eventId: 's2' }],
        }),
        stageChanged({ from: 'warm', to: 'qualified', score: 60 }),
        leadQualified({ cause: 'merge' }),
      );
  });

  it('does not qualify again a survivor whose score is below in a part and above in the next', () => {
    const qualifications = { above: true, count: 1 };
    const part = given(leadCaptured())
      .when(absorbLead, absorbing({ activities: [signup], last: false, qualifications }))
      .facts();
    expect(part.find(({ type }) => type === 'LeadScored')?.data).toMatchObject({ score: 30, qualified: false });
    const rest = given(leadCaptured(), ...part)
      .when(absorbLead, absorbing({ activities: [second], qualifications }))
      .facts();
    expect(rest.map(({ type }) => type)).toEqual(['LeadAbsorbed', 'LeadScored', 'StageChanged']);
    const state = [leadCaptured(), ...part, ...rest].reduce(lead.evolve, lead.initial);
    expect(state.qualifications).toEqual({ above: true, count: 1 });
  });

  it('takes a part again that arrived before as known, so that nothing is counted twice', () => {
    const [part, ...scored] = given(leadCaptured())
      .when(absorbLead, absorbing({ activities: [signup], last: false }))
      .facts();
    given(leadCaptured(), ...(part ? [part] : []), ...scored)
      .when(absorbLead, absorbing({ activities: [signup], last: false }))
      .then(leadAbsorbed({ known: ['s1'], last: false }));
  });

  it('does not qualify again a survivor of a lead that was qualified, and counts on from both', () => {
    const qualifications = { above: true, count: 2, firstAt: '2026-01-01T00:00:00.000Z' };
    const absorbed = given(leadCaptured(), activityRecorded(), leadScored())
      .when(absorbLead, absorbing({ activities: [signup, second], qualifications }))
      .facts();
    expect(absorbed.map(({ type }) => type)).toEqual(['LeadAbsorbed', 'LeadScored', 'StageChanged']);

    const record = (eventId: string, eventType: string) => ({
      projectId,
      leadId,
      activities: [activity({ eventId, eventType })],
      identifiers: [],
      refused: [],
      scoring: standard,
    });
    const facts = [leadCaptured(), activityRecorded(), leadScored(), ...absorbed];
    const below = given(...facts)
      .when(recordActivities, record('b1', 'unsubscribe'))
      .facts();
    const above = given(...facts, ...below)
      .when(recordActivities, record('b2', 'signup'))
      .facts();
    expect(above.find(({ type }) => type === 'LeadQualified')?.data).toMatchObject({ count: 3, score: 75 });
  });

  it('qualifies the survivor when only the two together cross the threshold', () => {
    const facts = given(leadCaptured(), activityRecorded(signup), leadScored({ score: 30, engagement: 30 }))
      .when(absorbLead, absorbing({ activities: [second] }))
      .facts();
    expect(facts.filter(({ type }) => type === 'LeadQualified').map(({ data }) => data)).toMatchObject([
      { cause: 'merge', quiet: false, count: 1 },
    ]);
  });

  it('lets the last to say so win in the profile, whichever lead it was', () => {
    const told = activityRecorded(
      activity({
        eventId: 't10',
        occurredAt: '2026-03-10T10:00:00.000Z',
        eventType: 'identify',
        traits: { plan: 'pro' },
      }),
    );
    const newer = [telling('free', 11)];
    given(leadCaptured(), told)
      .when(absorbLead, absorbing({ activities: newer }))
      .then(leadAbsorbed({ activities: newer }), profileUpdated({ changes: { plan: 'free' } }));
    const older = [telling('free', 9)];
    given(leadCaptured(), told)
      .when(absorbLead, absorbing({ activities: older }))
      .then(leadAbsorbed({ activities: older }));
  });

  it('tells when the two had different userIds', () => {
    const [one, two] = [identifierAdded({ identifier: userId('u1') }), userId('u2')];
    given(leadCaptured(), one)
      .when(absorbLead, absorbing({ identifiers: [two] }))
      .then(leadAbsorbed({ identifiers: [two] }), identityConflict());
  });

  it('is rejected by a lead that was merged itself, and by a stream without a lead', () => {
    given(leadCaptured(), leadMerged()).when(absorbLead, absorbing()).rejects('lead-merged');
    given().when(absorbLead, absorbing()).rejects('lead-merged');
  });

  it('is rejected with a model older than the survivor’s', () => {
    given(leadCaptured(), leadScored({ model: 2 }))
      .when(absorbLead, absorbing({ activities: [signup] }))
      .rejects('scoring-model-outdated');
  });

  it('scores what the traits of the two say together', () => {
    const scoring = modelOf({ fit: [{ id: 'paying', when: { trait: 'plan', op: 'exists' }, points: 20 }] });
    const facts = given(leadCaptured())
      .when(absorbLead, absorbing({ activities: [telling('pro', 9)], scoring }), { now: noon })
      .facts();
    expect(facts.find(({ type }) => type === 'LeadScored')?.data).toMatchObject({
      score: 20,
      fit: 20,
      because: [{ rule: 'paying', points: 20, eventId: 't9' }],
    });
  });
});
