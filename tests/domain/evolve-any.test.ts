import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import { eventSchemas } from '../../src/domain/events.ts';
import { job } from '../../src/domain/job.ts';
import { lead, rootOf, scorable, traitsOf } from '../../src/domain/lead.ts';
import { pool } from '../../src/domain/pool.ts';
import { project } from '../../src/domain/project.ts';
import { roster } from '../../src/domain/roster.ts';
import { tally } from '../../src/domain/scoring.ts';
import { anyOf } from '../support/any-of.ts';
import { workItem } from '../../src/domain/work-item.ts';
import { activities, models, occurredAt } from '../support/arbitraries.ts';
import {
  anonymousId,
  email,
  idOf,
  jobCompleted,
  jobProgressed,
  jobRequested,
  keyIssued,
  keyRevoked,
  leadAbsorbed,
  leadCaptured,
  leadMerged,
  leadQualified,
  leadScored,
  projectCreated,
  scoringModelPublished,
  stageChanged,
  standard,
  userId,
  workItemClaimed,
  workItemOpened,
} from '../support/facts.ts';

type Data<T extends LeadfoldEvent['type']> = Extract<LeadfoldEvent, { type: T }>['data'];

const word = fc.oneof(fc.constantFrom('', 'cold', 'constructor', '__proto__', 'page_view', 'e1'), fc.string());
const identifier = fc.constantFrom(userId(), userId('u2'), email(), anonymousId());
const id = identifier.map(idOf);
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0));
const count = fc.integer({ min: 0 });
const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as null);
const some = activities(4).map((all) => [...all]);
const changes = fc.dictionary(word, json, { noNullPrototype: true });
const cause = fc.constantFrom('activity' as const, 'merge' as const, 'model' as const);
const because = fc.array(
  fc.record({ rule: word, points: number, eventId: word }, { requiredKeys: ['rule', 'points'] }),
);
const qualifications = fc.record(
  { above: fc.boolean(), count, firstAt: occurredAt },
  { requiredKeys: ['above', 'count'] },
);

/** Data of types of facts that go together with others: it fits its schema and need not make sense. Other types take what fits. */
const data: { readonly [T in LeadfoldEvent['type']]?: fc.Arbitrary<Data<T>> } = {
  LeadCaptured: fc.record({ projectId: word, leadId: id, identifier, capturedAt: occurredAt, stage: word }),
  LeadMerged: fc.record({ into: id, identifier, stage: word }, { requiredKeys: ['into'] }),
  LeadAbsorbed: fc.record({
    ...{ from: id, identifiers: fc.array(identifier), activities: some, known: fc.array(word) },
    ...{ qualifications, last: fc.boolean() },
  }),
  IdentifierAdded: fc.record({ identifier }),
  LinkRefused: fc.record({ identifier, leadId: id, reason: word }),
  IdentityConflict: fc.record({ userIds: fc.array(word) }),
  ActivityRecorded: activities(4)
    .filter((all) => all.length > 0)
    .map((all) => all[0]!),
  ProfileUpdated: fc.record({ changes }),
  LeadScored: fc.record({
    ...{ score: number, fit: number, engagement: number, delta: number, model: fc.integer(), cause, because },
    qualified: fc.boolean(),
  }),
  StageChanged: fc.record({ from: word, to: word, score: number, model: fc.integer() }),
  LeadQualified: fc.record({
    ...{ score: number, threshold: number, model: fc.integer(), cause, count: fc.integer({ min: 1 }) },
    ...{ factors: fc.array(fc.record({ rule: word, points: number })), quiet: fc.boolean(), qualifiedAt: occurredAt },
  }),
  ProjectCreated: fc.record({ projectId: word, name: word, createdAt: occurredAt }),
  KeyIssued: fc.record({
    keyId: word,
    name: word,
    scopes: fc.subarray(['events:write' as const, 'admin' as const]),
    hash: word,
  }),
  KeyRevoked: fc.record({ keyId: word }),
  ScoringModelPublished: fc.record({
    ...{ version: fc.integer({ min: 2 }), model: models.map(({ model }) => model), publishedAt: occurredAt },
  }),
  JobRequested: fc.record({
    ...{ projectId: word, jobId: word, kind: fc.constant('rescore' as const), version: fc.integer() },
    requestedAt: occurredAt,
  }),
  JobClaimed: fc.record({ holder: word, until: occurredAt, attempt: fc.integer() }),
  JobProgressed: fc.record({ cursor: word, done: fc.integer(), total: fc.integer(), until: occurredAt }),
  JobCompleted: fc.record({ done: fc.integer(), completedAt: occurredAt }),
  JobFailed: fc.record({
    ...{ error: word, attempts: fc.integer(), firstFailedAt: occurredAt, failedAt: occurredAt },
  }),
  JobRetried: fc.record({ retriedAt: occurredAt }),
  JobCancelled: fc.record({ reason: word, cancelledAt: occurredAt }),
  WorkParked: fc.record({
    ...{ projectId: word, reactor: word, error: word, attempts: fc.integer() },
    ...{ firstFailedAt: occurredAt, lastFailedAt: occurredAt },
    event: fc.record({ id: word, type: word, stream: word, revision: fc.integer(), position: fc.integer() }),
  }),
  WorkRetried: fc.record({ retriedAt: occurredAt }),
  WorkDone: fc.record({ doneAt: occurredAt }),
  WorkDiscarded: fc.record({ reason: word, discardedAt: occurredAt }),
};

const types = Object.keys(eventSchemas) as readonly LeadfoldEvent['type'][];
const anyFact = fc
  .constantFrom(...types)
  .chain((type) => (data[type] ?? anyOf(eventSchemas[type])).map((each) => ({ type, data: each }) as LeadfoldEvent));
const anyFacts = fc.array(anyFact, { maxLength: 20 });

/** Folds facts of any aggregate, as if they all had been in one stream. */
const fold = <S>(
  { initial, evolve }: { initial: S; evolve: (state: S, event: never) => S },
  facts: readonly LeadfoldEvent[],
): S => facts.reduce((state, fact) => evolve(state, fact as never), initial);

describe('Any facts in any order', () => {
  it('fit their schemas, as far as these tests make them up', () => {
    fc.assert(
      fc.property(anyFact, (fact) => {
        expect(eventSchemas[fact.type].safeParse(fact.data).error).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('make up a lead, a project, a job or a work item, and never throw', () => {
    fc.assert(
      fc.property(anyFacts, models, (facts, model) => {
        const state = fold(lead, facts);
        expect(rootOf(state).leadId).toBe(state.leadId);
        expect(Number.isFinite(tally(model, scorable(state), 0).score)).toBe(true);
        expect(Object.values(traitsOf(state))).not.toContain(null);
        expect(fold(project, facts).scoring.version).toBeGreaterThan(0);
        expect(state.ownership.workIds.length).toBe(new Set(state.ownership.workIds).size);
        const places = fold(pool, facts);
        const open = [...places.open.values()].reduce((sum, count) => sum + count, 0);
        expect(open).toBe(places.places.size);
        expect(fold(roster, facts).routing.version).toBeGreaterThanOrEqual(0);
        expect(['unknown', 'requested', 'running', 'completed', 'failed', 'cancelled']).toContain(
          fold(job, facts).status,
        );
        expect(['unknown', 'open', 'claimed', 'completed', 'cancelled']).toContain(fold(workItem, facts).status);
      }),
      { numRuns: 500 },
    );
  });

  it('of another aggregate, or of a type nobody knows, change nothing', () => {
    const unheard = { type: 'Unheard', data: {} } as never;
    const [ofLead, ofProject, ofJob, ofWork] = [
      [leadCaptured(), leadAbsorbed(), leadScored(), stageChanged(), leadQualified(), leadMerged()],
      [projectCreated(), keyIssued(), keyRevoked(), scoringModelPublished()],
      [jobRequested(), jobProgressed(), jobCompleted()],
      [workItemOpened(), workItemClaimed()],
    ];
    expect(fold(lead, [...ofProject, ...ofJob, ...ofWork, unheard])).toBe(lead.initial);
    expect(fold(project, [...ofLead, ...ofJob, unheard])).toBe(project.initial);
    expect(fold(job, [...ofLead, ...ofProject, unheard])).toBe(job.initial);
    const others = [...ofLead, ...ofProject, ...ofJob, unheard];
    expect(fold(roster, others)).toBe(roster.initial);
    expect(fold(pool, others)).toBe(pool.initial);
    expect(fold(workItem, others)).toBe(workItem.initial);
  });

  it('once merged, a lead stays merged into the lead it was merged into first', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const state = fold(lead, [leadMerged(), ...facts]);
        expect([state.status, state.into]).toEqual(['merged', idOf(userId())]);
      }),
      { numRuns: 200 },
    );
  });

  it('leave a project with its last model, and only the keys that were not taken back', () => {
    const facts = [projectCreated(), keyIssued(), keyIssued({ keyId: 'k2' }), keyRevoked(), scoringModelPublished()];
    const state = fold(project, facts);
    expect([...state.keys.keys()]).toEqual(['k2']);
    expect(state.scoring).toEqual({ ...standard, version: 2 });
  });
});
