import type { Activity } from '../../src/domain/activity.ts';
import type { Event } from '../../src/domain/event.ts';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import type { Identifier } from '../../src/domain/identity.ts';
import { leadIdOf } from '../../src/domain/identity.ts';
import type { PublishedModel } from '../../src/domain/scoring-model.ts';
import { defaultModel, scoringModelSchema } from '../../src/domain/scoring-model.ts';
import { noon } from './given.ts';

type DataOf<T extends LeadfoldEvent['type']> = Extract<LeadfoldEvent, { type: T }>['data'];

/** Builds facts of one type from what a test cares about; the rest has plain values. */
const builder =
  <T extends LeadfoldEvent['type']>(type: T, usual: DataOf<T>) =>
  (data: Partial<DataOf<T>> = {}): Event<T, DataOf<T>> => ({ type, data: { ...usual, ...data } as DataOf<T> });

export const projectId = 'acme';
export const at = noon.toISOString();

export const userId = (value = 'u1'): Identifier => ({ kind: 'userId', value });
export const email = (value = 'ada@example.com'): Identifier => ({ kind: 'email', value });
export const anonymousId = (value = 'a1'): Identifier => ({ kind: 'anonymousId', value });

/** The lead id of an identifier in the project of the tests. */
export const idOf = (identifier: Identifier): string => leadIdOf(projectId, identifier);

/** The lead that facts are about unless a test says otherwise: the one of `anonymousId()`. */
export const leadId = idOf(anonymousId());

export const activity = (data: Partial<Activity> = {}): Activity => ({
  ...{ eventId: 'e1', eventType: 'page_view', occurredAt: at, receivedAt: at, properties: {}, source: 'api' },
  ...data,
});

/** A scoring model made of the parts that a test cares about, as that version. */
export const modelOf = (parts: unknown, version = 2): PublishedModel => ({
  version,
  model: scoringModelSchema.parse(parts),
});

export const standard: PublishedModel = { version: 1, model: defaultModel };

export const leadCaptured = builder('LeadCaptured', {
  ...{ projectId, leadId, identifier: anonymousId(), capturedAt: at, stage: 'cold' },
});
export const leadMerged = builder('LeadMerged', { into: idOf(userId()) });
export const leadAbsorbed = builder('LeadAbsorbed', {
  ...{ from: idOf(email()), identifiers: [], activities: [], known: [], last: true },
  qualifications: { above: false, count: 0 },
});
export const identifierAdded = builder('IdentifierAdded', { identifier: email() });
export const linkRefused = builder('LinkRefused', {
  ...{ identifier: email(), leadId: idOf(email()), reason: 'a lead has one userId at most' },
});
export const identityConflict = builder('IdentityConflict', { userIds: ['u1', 'u2'] });
export const activityRecorded = builder('ActivityRecorded', activity());
export const profileUpdated = builder('ProfileUpdated', { changes: {} });
export const leadScored = builder('LeadScored', {
  ...{ score: 5, fit: 0, engagement: 5, delta: 5, model: 1, cause: 'activity', qualified: false },
  because: [{ rule: 'page_view', points: 5, eventId: 'e1' }],
});
export const stageChanged = builder('StageChanged', { from: 'cold', to: 'warm', score: 30, model: 1 });
export const leadQualified = builder('LeadQualified', {
  ...{ score: 60, threshold: 60, model: 1, cause: 'activity', count: 1, quiet: false, qualifiedAt: at },
  factors: [{ rule: 'signup', points: 60 }],
});

export const projectCreated = builder('ProjectCreated', { projectId, name: 'Acme', createdAt: at });
export const keyIssued = builder('KeyIssued', {
  ...{ keyId: 'k1', name: 'default', scopes: ['events:write'], hash: '0'.repeat(64) },
});
export const keyRevoked = builder('KeyRevoked', { keyId: 'k1' });
export const scoringModelPublished = builder('ScoringModelPublished', {
  ...{ version: 2, model: defaultModel, publishedAt: at },
});

export const jobRequested = builder('JobRequested', {
  ...{ projectId, jobId: 'rescore-2', kind: 'rescore', version: 2, requestedAt: at },
});
const later = '2026-03-10T12:00:30.000Z';
export const jobClaimed = builder('JobClaimed', { holder: 'worker-1', until: later, attempt: 1 });
export const jobProgressed = builder('JobProgressed', { cursor: 'c1', done: 10, total: 20, until: later });
export const jobCompleted = builder('JobCompleted', { done: 20, completedAt: at });
export const jobFailed = builder('JobFailed', { error: 'It broke', attempts: 5, firstFailedAt: at, failedAt: at });
export const jobRetried = builder('JobRetried', { retriedAt: at });
export const jobCancelled = builder('JobCancelled', { reason: 'By mistake', cancelledAt: at });

const merge = { id: 'e1', type: 'LeadMerged', stream: `lead-${projectId}.l1`, revision: 4, position: 120 };
export const workParked = builder('WorkParked', {
  ...{ projectId, reactor: 'complete-merges', event: merge, error: 'It broke', attempts: 5 },
  ...{ firstFailedAt: at, lastFailedAt: at },
});
export const workRetried = builder('WorkRetried', { retriedAt: at });
export const workDone = builder('WorkDone', { doneAt: at });
export const workDiscarded = builder('WorkDiscarded', { reason: 'Not needed', discardedAt: at });
