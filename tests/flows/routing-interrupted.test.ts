import { describe, expect, it } from 'vitest';
import { acceptLead } from '../../src/commands/routing/accept-lead.ts';
import { approveWorkItem } from '../../src/commands/work/approve-work-item.ts';
import { capture } from '../../src/flows/capture.ts';
import { closeLead } from '../../src/commands/routing/close-lead.ts';
import { declineLead } from '../../src/commands/routing/decline-lead.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { rejectWorkItem } from '../../src/commands/work/reject-work-item.ts';
import { reopenLead } from '../../src/commands/routing/reopen-lead.ts';
import { assignByHand, routeLead } from '../../src/flows/route-lead.ts';
import { unassignLead } from '../../src/commands/routing/unassign-lead.ts';
import type { RosterEvent } from '../../src/domain/routing/roster-events.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { breaking, engineOver, openWith, request } from '../support/engine.ts';
import { activity, projectId, rep, standard, userId } from '../support/facts.ts';
import { owners, qualify, react, rosterChanges, routingWrongs, withReps } from '../support/routing.ts';

type Step = (engine: Engine, leads: readonly string[]) => Promise<unknown>;

/** What has happened and was settled, what happens now, and whose the leads of these people are after it. */
type Story = {
  readonly past: (engine: Engine) => Promise<unknown>;
  readonly people: readonly string[];
  readonly now: readonly Step[];
  readonly after: readonly string[];
};

const of = (leads: readonly string[], index = 0) => ({ projectId, leadId: leads[index] ?? '' });

const large: RosterEvent = {
  type: 'RoutingRulesPublished',
  data: {
    version: 2,
    publishedAt: '2026-03-10T12:00:00.000Z',
    rules: {
      rules: [
        {
          id: 'large',
          when: [],
          to: { teams: ['sales'] },
          strategy: 'least-loaded',
          skills: [],
          fallback: [],
          approval: [{ field: 'score', op: 'gte', value: 60 }],
        },
      ],
      sticky: { lead: true, domain: true },
      freeMailDomains: [],
      regions: {},
    },
  },
};

const two = [{ capacity: 1 }, { repId: 'bob', capacity: 1 }];
const approvalOf = (leads: readonly string[]) => ({ projectId, workId: `${leads[0]}.approval-1`, by: 'grace' });

const stories: Readonly<Record<string, Story>> = {
  'A lead that qualifies': {
    past: (engine) => withReps(engine, two),
    people: ['u1'],
    now: [],
    after: ['ada'],
  },
  'Leads of which one finds nobody': {
    past: (engine) => withReps(engine, two),
    people: ['u1', 'u2', 'u3'],
    now: [],
    after: ['ada', 'bob', 'waiting'],
  },
  'A lead that waits until somebody comes': {
    past: (engine) => withReps(engine, []),
    people: ['u1'],
    after: ['ada'],
    now: [(engine) => rosterChanges(engine, 'comes', { type: 'RepAdded', data: rep() })],
  },
  'A lead that waits until another is closed': {
    past: (engine) => withReps(engine, [{ capacity: 1 }]),
    people: ['u1', 'u2'],
    after: ['closed', 'ada'],
    now: [({ handle }, leads) => handle(closeLead, { ...of(leads), outcome: 'lost', reason: '' }, request('close'))],
  },
  'A lead that is declined': {
    past: (engine) => withReps(engine, two),
    people: ['u1'],
    after: ['bob'],
    now: [({ handle }, leads) => handle(declineLead, { ...of(leads), reason: 'Busy' }, request('decline'))],
  },
  'A lead that is declined, and nobody else is there': {
    past: (engine) => withReps(engine, [{}]),
    people: ['u1'],
    after: ['waiting'],
    now: [({ handle }, leads) => handle(declineLead, { ...of(leads), reason: 'Busy' }, request('decline'))],
  },
  'A lead that is taken away': {
    past: (engine) => withReps(engine, two),
    people: ['u1'],
    after: ['bob'],
    now: [
      ({ handle }, leads) => handle(unassignLead, { ...of(leads), reason: '', exclude: true }, request('unassign')),
    ],
  },
  'A lead that somebody gives to another': {
    past: (engine) => withReps(engine, two),
    people: ['u1', 'u2'],
    after: ['bob', 'closed'],
    now: [
      ({ handle }, leads) => handle(closeLead, { ...of(leads, 1), outcome: 'won', reason: '' }, request('close')),
      (engine, leads) => assignByHand(engine, { ...of(leads), repId: 'bob', reason: 'Asked' }, request('assign')),
    ],
  },
  'A lead nobody replies to': {
    past: (engine) => withReps(engine, two),
    people: ['u1'],
    after: ['bob'],
    now: [
      (engine, leads) => routeLead(engine, { ...of(leads), instead: 1 }, request('instead')),
      ({ handle }, leads) => handle(acceptLead, of(leads), request('accept')),
    ],
  },
  'A lead nobody replies to, and nobody else is there': {
    past: (engine) => withReps(engine, [{}]),
    people: ['u1'],
    after: ['ada'],
    now: [(engine, leads) => routeLead(engine, { ...of(leads), instead: 1 }, request('instead'))],
  },
  'A lead that is closed and comes back': {
    past: (engine) => withReps(engine, two),
    people: ['u1'],
    after: ['ada'],
    now: [
      ({ handle }, leads) => handle(closeLead, { ...of(leads), outcome: 'lost', reason: '' }, request('close')),
      ({ handle }, leads) => handle(reopenLead, { ...of(leads), reason: '' }, request('reopen')),
    ],
  },
  'A lead that waits for approval': {
    past: (engine) => withReps(engine, two, large),
    people: ['u1'],
    now: [],
    after: ['approval'],
  },
  'A lead that is approved': {
    past: (engine) => withReps(engine, two, large),
    people: ['u1'],
    after: ['ada'],
    now: [({ handle }, leads) => handle(approveWorkItem, { ...approvalOf(leads), reason: '' }, request('approve'))],
  },
  'A lead that is approved, and nobody is there': {
    past: (engine) => withReps(engine, [], large),
    people: ['u1'],
    after: ['waiting'],
    now: [({ handle }, leads) => handle(approveWorkItem, { ...approvalOf(leads), reason: '' }, request('approve'))],
  },
  'A lead that is not approved': {
    past: (engine) => withReps(engine, two, large),
    people: ['u1'],
    after: ['closed'],
    now: [({ handle }, leads) => handle(rejectWorkItem, { ...approvalOf(leads), reason: 'No' }, request('reject'))],
  },
};

const joined: Step = (engine) =>
  capture(
    engine,
    projectId,
    [{ identifiers: [userId('u1'), { kind: 'anonymousId', value: 'c1' }], activity: activity(), exactTime: true }],
    request('join'),
  );

/** u1, and somebody who turns out to be u1 too. */
const cookie = (engine: Engine) =>
  capture(
    engine,
    projectId,
    [
      {
        identifiers: [{ kind: 'anonymousId', value: 'c1' }],
        activity: activity({ eventId: 'deal-c1', eventType: 'contract_signed' }),
        exactTime: true,
      },
    ],
    request('cookie'),
  );

const merges: Readonly<Record<string, Story>> = {
  'Two leads that two reps have, and that turn out to be one': {
    past: async (engine) => {
      await withReps(engine, two);
      await cookie(engine);
    },
    people: ['u1'],
    now: [joined],
    after: ['one'],
  },
  'A lead that waits, and turns out to be one that a rep has': {
    past: async (engine) => {
      await withReps(engine, [{ capacity: 1 }]);
      await cookie(engine);
    },
    people: ['u1'],
    now: [joined],
    after: ['one'],
  },
};

const play = async (engine: Engine, store: EventStore, { people, now }: Story): Promise<void> => {
  const leads: string[] = [];
  for (const each of people) {
    leads.push(await qualify(engine, each));
    await react(engine, store);
  }
  for (const step of now) {
    await step(engine, leads);
    await react(engine, store);
  }
};

/**
 * Plays a story with a break after the nth append; then another process plays it again from the beginning, and settles it. It
 * finds what it would after a break before the next one.
 */
const interrupted = async (story: Story, nth: number) => {
  const store = await openWith(standard);
  await story.past(engineOver(store));
  await react(engineOver(store), store);
  const broken = breaking(store, nth, 'after');
  const failed = await play(engineOver(broken.store), store, story).then(
    () => false,
    (error: unknown) => {
      if (!(error instanceof StoreUnavailable)) throw error;
      return true;
    },
  );
  const after = engineOver(store);
  if (failed) await play(after, store, story);
  await react(after, store);
  await react(engineOver(store), store);
  const leads = await Promise.all(story.people.map((each) => qualify(after, each)));
  const outcome = { owners: await owners(after, leads), wrongs: await routingWrongs(store) };
  await store.close();
  return { failed, ...outcome };
};

describe.each(Object.entries({ ...stories, ...merges }))('%s', (_, story) => {
  it('is never lost, whichever append the process dies after', async () => {
    for (let nth = 1; ; nth++) {
      const { failed, owners: found, wrongs } = await interrupted(story, nth);
      expect({ nth, wrongs }).toEqual({ nth, wrongs: [] });
      if (story.after[0] === 'one') expect(['ada', 'bob']).toContain(found[0]);
      else expect({ nth, found }).toEqual({ nth, found: story.after });
      if (!failed) return;
    }
  });
});
