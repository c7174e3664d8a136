import { describe, expect, it } from 'vitest';
import { recordActivities } from '../../../src/commands/lead/record-activities.ts';
import type { Activity } from '../../../src/domain/lead/activity.ts';
import type { Identifier } from '../../../src/domain/identity/identity.ts';
import type { LeadEvent } from '../../../src/domain/lead/lead-events.ts';
import type { PublishedModel } from '../../../src/domain/scoring/published-model.ts';
import {
  activity,
  activityRecorded,
  anonymousId,
  email,
  identifierAdded,
  identityConflict,
  idOf,
  leadCaptured,
  leadId,
  leadMerged,
  leadQualified,
  leadScored,
  linkRefused,
  modelOf,
  profileUpdated,
  projectId,
  stageChanged,
  standard,
  userId,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';

type Input = {
  readonly activities: readonly Activity[];
  readonly identifiers?: readonly Identifier[];
  readonly refused?: readonly { readonly identifier: Identifier; readonly leadId: string }[];
  readonly capture?: Identifier;
  readonly scoring?: PublishedModel;
};

const recording = ({ activities, identifiers = [], refused = [], scoring = standard, capture }: Input) => ({
  projectId,
  leadId,
  activities: [...activities],
  identifiers: [...identifiers],
  refused: refused.map((link) => ({ reason: 'a lead has one userId at most', ...link })),
  scoring,
  ...(capture && { capture }),
});

const signup = activity({ eventType: 'signup' });
const view = activity({ eventId: 'e2' });
const unsubscribe = activity({ eventId: 'e3', eventType: 'unsubscribe' });

const signupFacts = [
  leadCaptured(),
  activityRecorded(signup),
  leadScored({ score: 30, engagement: 30, delta: 30, because: [{ rule: 'signup', points: 30, eventId: 'e1' }] }),
  stageChanged({ from: 'cold', to: 'warm', score: 30 }),
];

const ofType = <T extends LeadEvent['type']>(facts: readonly LeadEvent[], type: T) =>
  facts.filter((fact): fact is Extract<LeadEvent, { type: T }> => fact.type === type);

describe('Recording activities', () => {
  it('begins the lead with its first activity', () => {
    given()
      .when(recordActivities, recording({ activities: [signup], capture: anonymousId() }))
      .then(...signupFacts);
  });

  it('adds to the score of a lead that has one', () => {
    given(...signupFacts)
      .when(recordActivities, recording({ activities: [view] }))
      .then(
        activityRecorded(view),
        leadScored({ score: 35, engagement: 35, because: [{ rule: 'page_view', points: 5, eventId: 'e2' }] }),
        stageChanged({ from: 'warm', to: 'hot', score: 35 }),
      );
  });

  it('ignores the identifier to begin with when the lead has begun', () => {
    given(leadCaptured(), activityRecorded(signup), ...signupFacts.slice(2))
      .when(recordActivities, recording({ activities: [signup], capture: anonymousId() }))
      .then();
  });

  it('keeps an activity of a type that no rule knows, and leaves the score alone', () => {
    const unheard = activity({ eventType: 'unheard', properties: { deep: [{ er: null }] }, sessionId: 's1' });
    given(leadCaptured())
      .when(recordActivities, recording({ activities: [unheard] }))
      .then(activityRecorded(unheard));
  });

  it('leaves out an event id that comes twice at once, or again later, whatever else it says', () => {
    given(leadCaptured())
      .when(recordActivities, recording({ activities: [activity(), activity({ eventType: 'signup' })] }))
      .then(activityRecorded(), leadScored());
    given(leadCaptured(), activityRecorded(), leadScored())
      .when(recordActivities, recording({ activities: [activity({ eventType: 'signup' }), view] }))
      .then(
        activityRecorded(view),
        leadScored({ score: 10, engagement: 10, because: [{ rule: 'page_view', points: 5, eventId: 'e2' }] }),
      );
    given(leadCaptured(), activityRecorded())
      .when(recordActivities, recording({ activities: [activity()] }))
      .then();
  });

  it('scores several activities in one fact, each with its reason', () => {
    given(leadCaptured())
      .when(recordActivities, recording({ activities: [signup, view] }))
      .then(
        activityRecorded(signup),
        activityRecorded(view),
        leadScored({
          score: 35,
          engagement: 35,
          delta: 35,
          because: [
            { rule: 'page_view', points: 5, eventId: 'e2' },
            { rule: 'signup', points: 30, eventId: 'e1' },
          ],
        }),
        stageChanged({ from: 'cold', to: 'hot', score: 35 }),
      );
  });

  it('records on nothing: an unknown lead is rejected, and so is a merged one', () => {
    given()
      .when(recordActivities, recording({ activities: [view] }))
      .rejects('lead-unknown');
    const input = recording({ activities: [view], capture: anonymousId() });
    given(leadCaptured(), leadMerged()).when(recordActivities, input).rejects('lead-merged');
    given(leadMerged({ identifier: anonymousId() }))
      .when(recordActivities, input)
      .rejects('lead-merged');
  });

  it('rejects a model older than the one last used, for a score or for a stage alone', () => {
    const input = recording({ activities: [view] });
    given(leadCaptured(), leadScored({ model: 2 }))
      .when(recordActivities, input)
      .rejects('scoring-model-outdated');
    given(leadCaptured(), activityRecorded(), leadScored(), stageChanged({ model: 2 }))
      .when(recordActivities, input)
      .rejects('scoring-model-outdated');
  });

  it('asks no model when there is nothing new', () => {
    given(leadCaptured(), activityRecorded(), leadScored({ model: 2 }))
      .when(recordActivities, recording({ activities: [activity()], identifiers: [email()] }))
      .then(identifierAdded());
  });
});

describe('Recording traits', () => {
  const identify = (eventId: string, hour: number, traits: Activity['traits'] = {}): Activity =>
    activity({
      eventId,
      eventType: 'identify',
      occurredAt: `2026-03-10T${String(hour).padStart(2, '0')}:00:00.000Z`,
      traits,
    });
  const known = activityRecorded(identify('t1', 10, { plan: 'pro', seats: 3 }));

  it('tells only what changed in the profile', () => {
    const later = identify('t2', 11, { plan: 'pro', seats: 4, city: 'Turin' });
    given(leadCaptured(), known)
      .when(recordActivities, recording({ activities: [later] }))
      .then(activityRecorded(later), profileUpdated({ changes: { seats: 4, city: 'Turin' } }));
  });

  it('lets no older activity win that comes later', () => {
    const older = identify('t0', 10, { plan: 'free' });
    const input = recording({ activities: [older] });
    given(leadCaptured(), known).when(recordActivities, input).then(activityRecorded(older));
    const oldest = identify('t9', 9, { plan: 'free', city: 'Turin' });
    given(leadCaptured(), known)
      .when(recordActivities, recording({ activities: [oldest] }))
      .then(activityRecorded(oldest), profileUpdated({ changes: { city: 'Turin' } }));
  });

  it('takes away a trait that is null, until it is said again', () => {
    const away = identify('t2', 11, { plan: null });
    const back = identify('t3', 12, { plan: 'free' });
    given(leadCaptured(), known)
      .when(recordActivities, recording({ activities: [away] }))
      .then(activityRecorded(away), profileUpdated({ changes: { plan: null } }));
    given(leadCaptured(), known, activityRecorded(away))
      .when(recordActivities, recording({ activities: [back] }))
      .then(activityRecorded(back), profileUpdated({ changes: { plan: 'free' } }));
  });

  it('says nothing of traits that are as before, and nothing of null where nothing was', () => {
    const same = identify('t2', 11, { plan: 'pro', none: null });
    given(leadCaptured(), known)
      .when(recordActivities, recording({ activities: [same] }))
      .then(activityRecorded(same));
  });

  it('takes traits named like the insides of objects as any other', () => {
    const odd = identify('t2', 11, { constructor: 'x', toString: 'y', hasOwnProperty: 1 });
    given(leadCaptured())
      .when(recordActivities, recording({ activities: [odd] }))
      .then(activityRecorded(odd), profileUpdated({ changes: odd.traits ?? {} }));
  });

  it('scores what the traits say, because of the activity that said it', () => {
    const scoring = modelOf({ fit: [{ id: 'paying', when: { trait: 'plan', op: 'eq', value: 'pro' }, points: 12.5 }] });
    const said = identify('t1', 10, { plan: 'pro' });
    const scored = leadScored({
      score: 12.5,
      fit: 12.5,
      engagement: 0,
      delta: 12.5,
      model: 2,
      because: [{ rule: 'paying', points: 12.5, eventId: 't1' }],
    });
    const warm = stageChanged({ score: 12.5, model: 2 });
    given(leadCaptured())
      .when(recordActivities, recording({ activities: [said], scoring }))
      .then(activityRecorded(said), profileUpdated({ changes: { plan: 'pro' } }), scored, warm);
    const unsaid = identify('t2', 11, { plan: 'free' });
    given(leadCaptured(), activityRecorded(said), scored, warm)
      .when(recordActivities, recording({ activities: [unsaid], scoring }))
      .then(
        activityRecorded(unsaid),
        profileUpdated({ changes: { plan: 'free' } }),
        leadScored({
          score: 0,
          fit: 0,
          engagement: 0,
          delta: -12.5,
          model: 2,
          because: [{ rule: 'paying', points: -12.5, eventId: 't2' }],
        }),
        stageChanged({ from: 'warm', to: 'cold', score: 0, model: 2 }),
      );
  });
});

describe('Recording who did it', () => {
  it('notes each identifier once, and none that the lead has', () => {
    given(leadCaptured(), identifierAdded())
      .when(recordActivities, recording({ activities: [], identifiers: [anonymousId(), email(), userId(), userId()] }))
      .then(identifierAdded({ identifier: userId() }));
  });

  it('tells of a second userId, and of a third, but not again', () => {
    const [one, two, three] = ['u1', 'u2', 'u3'].map((value) => identifierAdded({ identifier: userId(value) }));
    if (!one || !two || !three) throw new Error('Three facts were built');
    const input = (value: string) => recording({ activities: [], identifiers: [userId(value)] });
    given(leadCaptured(), one).when(recordActivities, input('u2')).then(two, identityConflict());
    given(leadCaptured(), one, two)
      .when(recordActivities, input('u3'))
      .then(three, identityConflict({ userIds: ['u1', 'u2', 'u3'] }));
    given(leadCaptured(), one, two).when(recordActivities, input('u1')).then();
  });

  it('tells of a refused link once for each identifier', () => {
    const refused = [{ identifier: email(), leadId: idOf(email()) }];
    const input = recording({ activities: [], refused: [...refused, ...refused] });
    given(leadCaptured()).when(recordActivities, input).then(linkRefused());
    given(leadCaptured(), linkRefused()).when(recordActivities, input).then();
  });
});

describe('Recording an activity that crosses the qualification threshold', () => {
  const many = Array.from({ length: 2 }, (_, n) => activity({ eventId: `s${n}`, eventType: 'signup' }));
  const upTo60 = given(leadCaptured())
    .when(recordActivities, recording({ activities: many }))
    .facts();

  it('qualifies the lead, with the factors of the score', () => {
    const [qualified, ...others] = ofType(upTo60, 'LeadQualified');
    expect(others).toEqual([]);
    expect(qualified).toEqual(leadQualified());
    expect(ofType(upTo60, 'LeadScored')[0]?.data).toMatchObject({ score: 60, qualified: true });
    expect(ofType(upTo60, 'StageChanged')[0]?.data).toMatchObject({ from: 'cold', to: 'qualified' });
  });

  it('does not qualify it again while it stays above', () => {
    const facts = given(leadCaptured(), ...upTo60)
      .when(recordActivities, recording({ activities: [view] }))
      .facts();
    expect(facts.map(({ type }) => type)).toEqual(['ActivityRecorded', 'LeadScored']);
  });

  it('qualifies it a second time when it fell below and rose again', () => {
    const below = given(leadCaptured(), ...upTo60)
      .when(recordActivities, recording({ activities: [unsubscribe] }))
      .facts();
    expect(below.map(({ type }) => type)).toEqual(['ActivityRecorded', 'LeadScored', 'StageChanged']);
    expect(ofType(below, 'LeadScored')[0]?.data).toMatchObject({ score: 40, delta: -20, qualified: false });
    const again = given(leadCaptured(), ...upTo60, ...below)
      .when(recordActivities, recording({ activities: [activity({ eventId: 's9', eventType: 'signup' })] }))
      .facts();
    expect(ofType(again, 'LeadQualified').map(({ data }) => [data.count, data.score])).toEqual([[2, 70]]);
  });

  it('does not qualify it when one append takes it above and below at once', () => {
    const facts = given(leadCaptured())
      .when(recordActivities, recording({ activities: [...many, unsubscribe] }))
      .facts();
    expect(ofType(facts, 'LeadQualified')).toEqual([]);
  });
});

describe('The reasons of a score', () => {
  it('name what a limit, a group or a cap took off, apart from what the activity brought', () => {
    const scoring = modelOf({
      engagement: [{ id: 'views', when: { eventType: 'page_view' }, points: 5, group: 'light' }],
      groups: { light: { cap: 8 } },
    });
    given(leadCaptured())
      .when(recordActivities, recording({ activities: [activity(), view], scoring }))
      .then(
        activityRecorded(),
        activityRecorded(view),
        leadScored({
          score: 8,
          engagement: 8,
          delta: 8,
          model: 2,
          because: [
            { rule: 'views', points: 5, eventId: 'e1' },
            { rule: 'views', points: 5, eventId: 'e2' },
            { rule: 'group:light', points: -2 },
          ],
        }),
      );
  });

  it('tell what decayed since the score was last recorded', () => {
    const scoring = modelOf({
      engagement: [{ id: 'views', when: { eventType: 'page_view' }, points: 10, decay: { halfLifeDays: 1 } }],
    });
    const first = given(leadCaptured())
      .when(recordActivities, recording({ activities: [activity()], scoring }))
      .facts();
    const tomorrow = '2026-03-11T12:00:00.000Z';
    const later = activity({ eventId: 'e2', occurredAt: tomorrow });
    const facts = given(leadCaptured(), ...first)
      .when(recordActivities, recording({ activities: [later], scoring }), { now: new Date(tomorrow) })
      .facts();
    expect(ofType(facts, 'LeadScored')[0]?.data).toMatchObject({
      score: 15,
      delta: 5,
      because: [
        { rule: 'views', points: 10, eventId: 'e2' },
        { rule: 'views', points: -5 },
      ],
    });
  });

  it('name an activity once a rule, even one that says a trait without a name', () => {
    const scoring = modelOf({
      engagement: [
        { id: 'views', when: { eventType: 'page_view' }, points: 5, group: 'light' },
        { id: 'first', when: { eventType: 'page_view' }, points: 10, decay: { halfLifeDays: 1 } },
      ],
      groups: { light: { cap: 8 } },
    });
    const first = given(leadCaptured())
      .when(recordActivities, recording({ activities: [activity()], scoring }))
      .facts();
    const tomorrow = '2026-03-11T12:00:00.000Z';
    const later = activity({ eventId: 'e2', occurredAt: tomorrow, traits: { '': 'nameless' } });
    const facts = given(leadCaptured(), ...first)
      .when(recordActivities, recording({ activities: [later], scoring }), { now: new Date(tomorrow) })
      .facts();
    expect(ofType(facts, 'LeadScored')[0]?.data.because).toEqual([
      { rule: 'views', points: 5, eventId: 'e2' },
      { rule: 'first', points: 10, eventId: 'e2' },
      { rule: 'first', points: -5 },
      { rule: 'group:light', points: -2 },
    ]);
  });
});
