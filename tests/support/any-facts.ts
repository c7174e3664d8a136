import fc from 'fast-check';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import { eventSchemas } from '../../src/domain/events.ts';
import { anyOf } from './any-of.ts';
import { activities, models, occurredAt } from './arbitraries.ts';
import { anonymousId, email, idOf, userId } from './facts.ts';

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
    from: id,
    identifiers: fc.array(identifier),
    activities: some,
    known: fc.array(word),
    qualifications,
    last: fc.boolean(),
  }),
  IdentifierAdded: fc.record({ identifier }),
  LinkRefused: fc.record({ identifier, leadId: id, reason: word }),
  IdentityConflict: fc.record({ userIds: fc.array(word) }),
  ActivityRecorded: activities(4)
    .filter((all) => all.length > 0)
    .map((all) => all[0]!),
  ProfileUpdated: fc.record({ changes }),
  LeadScored: fc.record({
    score: number,
    fit: number,
    engagement: number,
    delta: number,
    model: fc.integer(),
    cause,
    because,
    qualified: fc.boolean(),
  }),
  StageChanged: fc.record({ from: word, to: word, score: number, model: fc.integer() }),
  LeadQualified: fc.record({
    score: number,
    threshold: number,
    model: fc.integer(),
    cause,
    count: fc.integer({ min: 1 }),
    factors: fc.array(fc.record({ rule: word, points: number })),
    quiet: fc.boolean(),
    qualifiedAt: occurredAt,
  }),
  ProjectCreated: fc.record({ projectId: word, name: word, createdAt: occurredAt }),
  KeyIssued: fc.record({
    keyId: word,
    name: word,
    scopes: fc.subarray(['events:write' as const, 'admin' as const]),
    hash: word,
    origins: fc.option(fc.array(word, { maxLength: 2 }), { nil: undefined }),
  }),
  KeyRotated: fc.record({ keyId: word, secretId: word, hash: word, at: occurredAt, formerUntil: occurredAt }),
  KeySecretRemoved: fc.record({ keyId: word, secretId: word }),
  KeyRevoked: fc.record({ keyId: word }),
  ScoringModelPublished: fc.record({
    version: fc.integer({ min: 2 }),
    model: models.map(({ model }) => model),
    publishedAt: occurredAt,
  }),
  JobRequested: fc.record({
    projectId: word,
    jobId: word,
    kind: fc.constant('rescore' as const),
    version: fc.integer(),
    requestedAt: occurredAt,
  }),
  JobClaimed: fc.record({ holder: word, until: occurredAt, attempt: fc.integer() }),
  JobProgressed: fc.record({ cursor: word, done: fc.integer(), total: fc.integer(), until: occurredAt }),
  JobCompleted: fc.record({ done: fc.integer(), completedAt: occurredAt }),
  JobFailed: fc.record({
    error: word,
    attempts: fc.integer(),
    firstFailedAt: occurredAt,
    failedAt: occurredAt,
  }),
  JobRetried: fc.record({ retriedAt: occurredAt }),
  JobCancelled: fc.record({ reason: word, cancelledAt: occurredAt }),
  WorkParked: fc.record({
    projectId: word,
    reactor: word,
    error: word,
    attempts: fc.integer(),
    firstFailedAt: occurredAt,
    lastFailedAt: occurredAt,
    event: fc.record({ id: word, type: word, stream: word, revision: fc.integer(), position: fc.integer() }),
  }),
  WorkRetried: fc.record({ retriedAt: occurredAt }),
  WorkDone: fc.record({ doneAt: occurredAt }),
  WorkDiscarded: fc.record({ reason: word, discardedAt: occurredAt }),
};

export const allTypes = Object.keys(eventSchemas) as readonly LeadfoldEvent['type'][];
/** A fact of one of these types. */
export const factOf = (among: readonly LeadfoldEvent['type'][]) =>
  fc
    .constantFrom(...among)
    .chain((type) => (data[type] ?? anyOf(eventSchemas[type])).map((each) => ({ type, data: each }) as LeadfoldEvent));

/** A fact of any type. */
export const anyFact = factOf(allTypes);

/** Facts of any types in any order, as if they all had been in one stream. */
export const anyFacts = fc.array(anyFact, { maxLength: 20 });
