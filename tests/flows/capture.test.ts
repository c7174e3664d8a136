import { describe, expect, it, onTestFinished } from 'vitest';
import { eventIdsOf } from '../../src/domain/lead/activities.ts';
import type { Capture } from '../../src/flows/capture-groups.ts';
import type { Captured } from '../../src/flows/capture.ts';
import { capture } from '../../src/flows/capture.ts';
import { createProject } from '../../src/commands/projects/create-project.ts';
import type { Engine } from '../../src/flows/engine.ts';
import { mergeLead } from '../../src/commands/lead/merge-lead.ts';
import { publishScoringModel } from '../../src/commands/scoring/publish-scoring-model.ts';
import { findLead, findLeadBy } from '../../src/flows/resolve.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import type { Identifier } from '../../src/domain/identity/identity.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { StoreUnavailable } from '../../src/eventstore/event-store.ts';
import { allFacts, engineOver, openLog, request } from '../support/engine.ts';
import { activity, anonymousId, email, idOf, modelOf, projectId, standard, userId } from '../support/facts.ts';

const log = (): EventStore => {
  const store = openLog();
  onTestFinished(() => store.close());
  return store;
};

/** Two processes over one log, each with a memory of its own. */
const twoProcesses = (): readonly [Engine, Engine, EventStore] => {
  const store = log();
  return [engineOver(store), engineOver(store), store];
};

const capturing = (identifiers: Capture['identifiers'], more: Partial<Activity> = {}): Capture => ({
  identifiers,
  activity: activity(more),
  exactTime: false,
});

/** Captures one activity with that event id, under a command id of its own. */
const one = async (engine: Engine, eventId: string, ...identifiers: Capture['identifiers']): Promise<Captured> => {
  const [answer] = await capture(engine, projectId, [capturing(identifiers, { eventId })], request(`c-${eventId}`));
  if (!answer) throw new Error(`No answer for ${eventId}`);
  return answer;
};

const stateBy = async (store: EventStore, identifier: Identifier) => {
  const found = await findLeadBy(engineOver(store).states, projectId, identifier);
  if (!found) throw new Error(`${identifier.kind} ${identifier.value} leads to no lead`);
  return found.lead.state;
};

const typesIn = async (store: EventStore, of?: string): Promise<readonly string[]> =>
  (await allFacts(store)).filter(({ stream }) => !of || stream.endsWith(of)).map(({ type }) => type);

describe('Capturing an activity', () => {
  it('begins a lead on the stream of an identifier that nobody used, in one append', async () => {
    const store = log();
    const answer = await one(engineOver(store), 'e1', anonymousId());
    expect(answer).toEqual({ status: 'queued', eventId: 'e1', leadId: idOf(anonymousId()), position: 3 });
    expect(await typesIn(store)).toEqual(['LeadCaptured', 'ActivityRecorded', 'LeadScored']);
    expect(await store.head()).toBe(3);
  });

  it('links the weaker identifiers to the lead of the strongest', async () => {
    const store = log();
    const answer = await one(engineOver(store), 'e1', userId(), email(), anonymousId());
    expect(answer.leadId).toBe(idOf(userId()));
    for (const weaker of [email(), anonymousId()]) {
      expect(await typesIn(store, idOf(weaker))).toEqual(['LeadMerged']);
      expect([...(await stateBy(store, weaker)).identifiers.values()]).toContainEqual(weaker);
    }
  });

  it('records on the lead of the strongest identifier that has one, and links a stronger one that nobody used', async () => {
    const engine = engineOver(log());
    const first = await one(engine, 'e1', anonymousId());
    expect((await one(engine, 'e2', userId(), anonymousId())).leadId).toBe(first.leadId);
    expect((await one(engine, 'e3', userId())).leadId).toBe(first.leadId);
  });

  it('merges two leads into the older one when an activity names both, whichever is named first', async () => {
    const store = log();
    let minute = 0;
    const engine = engineOver(store, { clock: () => new Date(Date.UTC(2026, 0, 1, 0, minute)) });
    await one(engine, 'e1', anonymousId());
    minute += 1;
    await one(engine, 'e2', userId());
    const { leadId } = await one(engine, 'e3', userId(), anonymousId());
    expect(leadId).toBe(idOf(anonymousId()));
    const survivor = await stateBy(store, userId());
    expect(survivor.leadId).toBe(leadId);
    expect(eventIdsOf(survivor.activities).sort()).toEqual(['e1', 'e2', 'e3']);
    expect(survivor.scored.score).toBe(15);
    expect((await findLead(engine.states, projectId, idOf(userId())))?.leadId).toBe(leadId);
  });

  it('merges a lead that has more activities than fit one append, each counted once', async () => {
    const store = log();
    const engine = engineOver(store);
    const many = Array.from({ length: 1_234 }, (_, at) => capturing([userId()], { eventId: `m${at}` }));
    await one(engine, 'm7', anonymousId());
    await capture(engine, projectId, many, request('many'));
    await one(engine, 'e1', userId(), anonymousId());
    const survivor = await stateBy(store, userId());
    expect(survivor.activities.size).toBe(1_235);
    expect(survivor.scored.score).toBe(6_175);
    expect((await typesIn(store, survivor.leadId)).filter((type) => type === 'LeadAbsorbed')).toHaveLength(3);
  });

  it('says so when the event id was used before by the same person, through any identifier, before and after merges', async () => {
    const store = log();
    const engine = engineOver(store);
    await one(engine, 'e1', anonymousId());
    await one(engine, 'e2', email());
    await one(engine, 'e3', email(), anonymousId());
    const head = await store.head();
    for (const [eventId, identifier] of [
      ['e1', email()],
      ['e2', anonymousId()],
      ['e3', email()],
    ] as const) {
      const [again] = await capture(
        engine,
        projectId,
        [capturing([identifier], { eventId })],
        request(`again-${eventId}`),
      );
      expect(again).toMatchObject({ status: 'duplicate', eventId });
      expect(again).not.toHaveProperty('conflict');
    }
    expect(await store.head()).toBe(head);
  });

  it('keeps the first of two different activities with one event id, and tells of the conflict', async () => {
    const engine = engineOver(log());
    const at = '2026-03-10T11:00:00.000Z';
    const first = { eventId: 'e1', properties: { plan: 'pro', seats: 2 } };
    const answer = async (more: Partial<Activity>, exactTime = false) =>
      (
        await capture(engine, projectId, [{ ...capturing([userId()], more), exactTime }], request(JSON.stringify(more)))
      )[0];
    await answer(first);
    expect(await answer({ ...first, properties: { plan: 'free' } })).toMatchObject({
      status: 'duplicate',
      conflict: true,
    });
    expect(await answer({ ...first, eventType: 'signup' })).toMatchObject({ status: 'duplicate', conflict: true });
    const reordered = { ...first, properties: { seats: 2, plan: 'pro' } };
    expect(await answer(reordered)).not.toHaveProperty('conflict');
    expect(await answer({ ...first, occurredAt: at })).not.toHaveProperty('conflict');
    expect(await answer({ ...first, occurredAt: at, sessionId: 's' }, true)).toHaveProperty('conflict');
    expect(await answer({ ...first, occurredAt: at, properties: first.properties }, true)).not.toHaveProperty(
      'conflict',
      false,
    );
  });

  it('refuses to join two userIds: the activity stays with its strongest identifier, visibly', async () => {
    const store = log();
    const engine = engineOver(store);
    await one(engine, 'e1', userId('u1'), email());
    const answer = await one(engine, 'e2', userId('u2'), email());
    expect(answer).toMatchObject({ status: 'queued', leadId: idOf(userId('u2')), refused: [{ identifier: email() }] });
    expect((await stateBy(store, email())).leadId).toBe(idOf(userId('u1')));
    expect([...(await stateBy(store, userId('u2'))).identifiers.values()]).toEqual([userId('u2')]);
    expect(await typesIn(store)).toContain('LinkRefused');
  });

  it('keeps projects apart', async () => {
    const store = log();
    const engine = engineOver(store);
    await one(engine, 'e1', anonymousId());
    const [other] = await capture(engine, 'other', [capturing([anonymousId()])], request('other'));
    expect(other).toMatchObject({ status: 'queued' });
    expect(other?.leadId).not.toBe(idOf(anonymousId()));
  });
});

describe('Capturing a batch', () => {
  it('answers for each activity in order', async () => {
    const engine = engineOver(log());
    await one(engine, 'e2', anonymousId('b'));
    const answers = await capture(
      engine,
      projectId,
      [
        capturing([anonymousId('a')], { eventId: 'e1' }),
        capturing([anonymousId('b')], { eventId: 'e2' }),
        capturing([anonymousId('c')], { eventId: 'e3' }),
        capturing([anonymousId('a')], { eventId: 'e1' }),
      ],
      request('batch'),
    );
    expect(answers.map(({ status, eventId }) => [status, eventId])).toEqual([
      ['queued', 'e1'],
      ['duplicate', 'e2'],
      ['queued', 'e3'],
      ['duplicate', 'e1'],
    ]);
    expect(answers.map(({ leadId }) => leadId)).toEqual(['a', 'b', 'c', 'a'].map((value) => idOf(anonymousId(value))));
  });

  it('of nothing does nothing', async () => {
    const store = log();
    expect(await capture(engineOver(store), projectId, [], request('none'))).toEqual([]);
    expect(await store.head()).toBe(0);
  });

  it('accepts an activity once that comes twice through identifiers of one lead', async () => {
    const engine = engineOver(log());
    await one(engine, 'e1', email(), anonymousId());
    const twice = [email(), anonymousId()].map((identifier) => capturing([identifier], { eventId: 'e2' }));
    const answers = await capture(engine, projectId, twice, request('batch'));
    expect(answers.map(({ status }) => status).sort()).toEqual(['duplicate', 'queued']);
  });

  it('answers for the very same value twice', async () => {
    const same = capturing([anonymousId()]);
    const answers = await capture(engineOver(log()), projectId, [same, same], request('batch'));
    expect(answers.map((answer) => answer?.status)).toEqual(['queued', 'duplicate']);
  });

  it('answers the same when it is sent again, and appends nothing', async () => {
    const store = log();
    const batch = [
      capturing([anonymousId('a')], { eventId: 'e1' }),
      capturing([userId(), anonymousId('a')], { eventId: 'e2' }),
      capturing([anonymousId('c')], { eventId: 'e3' }),
    ];
    const first = await capture(engineOver(store), projectId, batch, request('batch'));
    const head = await store.head();
    expect(await capture(engineOver(store), projectId, batch, request('batch'))).toEqual(first);
    expect(await store.head()).toBe(head);
  });

  it('works on nothing any more when it has failed', async () => {
    const store = log();
    let calls = 0;
    const broken: EventStore = {
      ...store,
      append: async (...args) => {
        calls += 1;
        if (calls === 1) throw new StoreUnavailable('Away');
        return store.append(...args);
      },
    };
    const batch = Array.from({ length: 300 }, (_, at) => capturing([anonymousId(`a${at}`)], { eventId: `e${at}` }));
    await expect(capture(engineOver(broken), projectId, batch, request('batch'))).rejects.toThrow(StoreUnavailable);
    const [before, head] = [calls, await store.head()];
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect({ calls, storeHead: await store.head() }).toEqual({ calls: before, storeHead: head });
    expect(calls).toBeLessThan(300);
  });
});

describe('Two processes that capture', () => {
  it('agree on a lead that one of them saw when nobody had used it yet', async () => {
    const [here, there] = twoProcesses();
    expect(await findLeadBy(there.states, projectId, anonymousId())).toBeUndefined();
    await one(here, 'e1', anonymousId());
    await one(here, 'e2', email(), anonymousId());
    expect(await one(there, 'e3', email())).toMatchObject({ status: 'queued', leadId: idOf(anonymousId()) });
  });

  it('do not link a second userId to a lead that got one in the meantime', async () => {
    const [here, there, store] = twoProcesses();
    await one(there, 'e1', anonymousId());
    await one(here, 'e2', userId('u1'), anonymousId());
    const answer = await one(there, 'e3', userId('u2'), anonymousId());
    expect(answer).toMatchObject({ leadId: idOf(userId('u2')), refused: [{ identifier: anonymousId() }] });
    expect(await typesIn(store)).not.toContain('IdentityConflict');
  });

  it('do not merge two leads that got different userIds in the meantime', async () => {
    const [here, there, store] = twoProcesses();
    await one(there, 'e1', anonymousId());
    await one(there, 'e2', userId('u2'), email());
    await one(here, 'e3', userId('u1'), anonymousId());
    expect(await one(there, 'e4', email(), anonymousId())).toMatchObject({ refused: [{ identifier: anonymousId() }] });
    expect(await typesIn(store)).not.toContain('IdentityConflict');
  });

  it('know an activity of a lead that was merged, also before its survivor has it', async () => {
    const [here, there, store] = twoProcesses();
    await one(here, 'e1', anonymousId());
    await one(here, 'e2', email());
    const merge = { projectId, leadId: idOf(email()), into: idOf(anonymousId()) };
    await here.handle(mergeLead, merge, request('merge'));
    expect(await one(there, 'e2', email())).toMatchObject({ status: 'duplicate', leadId: idOf(anonymousId()) });
    expect((await stateBy(store, email())).activities.size).toBe(2);
  });

  it('score with the model that the other one has published once a lead was scored with it', async () => {
    const [here, there] = twoProcesses();
    await here.handle(createProject, { projectId, name: 'Acme' }, request('create'));
    await one(there, 'e1', anonymousId());
    const model = modelOf({ engagement: [{ id: 'views', when: { eventType: 'page_view' }, points: 7 }] }).model;
    await here.handle(publishScoringModel, { projectId, model }, request('publish'));
    await one(here, 'e2', anonymousId());
    await one(there, 'e3', anonymousId());
    const { scored } = (await there.states.refresh(lead, `${projectId}.${idOf(anonymousId())}`)).state;
    expect(scored).toMatchObject({ score: 21, model: standard.version + 1 });
  });
});
