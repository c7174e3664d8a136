import type { Activity } from '../../src/domain/lead/activity.ts';
import type { Event } from '../../src/domain/event.ts';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import type { Identifier } from '../../src/domain/identity/identity.ts';
import { leadIdOf } from '../../src/domain/identity/identity.ts';
import { defaultReplyPolicy } from '../../src/domain/routing/reply-policy.ts';
import type { Rep } from '../../src/domain/routing/roster-events.ts';
import { noRules } from '../../src/domain/routing/routing-rules.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { defaultModel } from '../../src/domain/scoring/default-model.ts';
import { scoringModelSchema } from '../../src/domain/scoring/scoring-form.ts';
import { noon } from './noon.ts';

type DataOf<T extends LeadfoldEvent['type']> = Extract<LeadfoldEvent, { type: T }>['data'];

/** Builds facts of one type from what a test cares about; the rest has plain values. */
const builder =
  <T extends LeadfoldEvent['type'], D extends object = DataOf<T>>(type: T, usual: NoInfer<D>) =>
  (data: Partial<D> = {}): Event<T, D> => ({ type, data: { ...usual, ...data } });

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
  eventId: 'e1',
  eventType: 'page_view',
  occurredAt: at,
  receivedAt: at,
  properties: {},
  source: 'api',
  ...data,
});

/** A scoring model made of the parts that a test cares about, as that version. */
export const modelOf = (parts: unknown, version = 2): PublishedModel => ({
  version,
  model: scoringModelSchema.parse(parts),
});

export const standard: PublishedModel = { version: 1, model: defaultModel };

export const leadCaptured = builder('LeadCaptured', {
  projectId,
  leadId,
  identifier: anonymousId(),
  capturedAt: at,
  stage: 'cold',
});
export const leadMerged = builder('LeadMerged', { into: idOf(userId()) });
export const leadAbsorbed = builder('LeadAbsorbed', {
  from: idOf(email()),
  identifiers: [],
  activities: [],
  known: [],
  last: true,
  qualifications: { above: false, count: 0 },
});
export const identifierAdded = builder('IdentifierAdded', { identifier: email() });
export const linkRefused = builder('LinkRefused', {
  identifier: email(),
  leadId: idOf(email()),
  reason: 'a lead has one userId at most',
});
export const identityConflict = builder('IdentityConflict', { userIds: ['u1', 'u2'] });
export const activityRecorded = builder('ActivityRecorded', activity());
export const profileUpdated = builder('ProfileUpdated', { changes: {} });
export const leadScored = builder('LeadScored', {
  score: 5,
  fit: 0,
  engagement: 5,
  delta: 5,
  model: 1,
  cause: 'activity',
  qualified: false,
  because: [{ rule: 'page_view', points: 5, eventId: 'e1' }],
});
export const stageChanged = builder('StageChanged', { from: 'cold', to: 'warm', score: 30, model: 1 });
export const leadQualified = builder('LeadQualified', {
  score: 60,
  threshold: 60,
  model: 1,
  cause: 'activity',
  count: 1,
  quiet: false,
  qualifiedAt: at,
  factors: [{ rule: 'signup', points: 60 }],
});

export const projectCreated = builder('ProjectCreated', { projectId, name: 'Acme', createdAt: at });
export const keyIssued = builder('KeyIssued', {
  keyId: 'k1',
  name: 'default',
  scopes: ['events:write'],
  hash: '0'.repeat(64),
});
export const invitationMade = builder('InvitationMade', { personId: 'p1', role: 'analyst', at, until: at });
export const invitationWithdrawn = builder('InvitationWithdrawn', { personId: 'p1' });
export const memberAdded = builder('MemberAdded', { personId: 'p1', role: 'admin', at });
export const memberRoleChanged = builder('MemberRoleChanged', { personId: 'p1', role: 'analyst' });
export const memberRemoved = builder('MemberRemoved', { personId: 'p1' });
export const keyRotated = builder('KeyRotated', {
  keyId: 'k1',
  secretId: 's2',
  hash: '1'.repeat(64),
  at,
  formerUntil: '2026-03-11T12:00:00.000Z',
});
export const keySecretRemoved = builder('KeySecretRemoved', { keyId: 'k1', secretId: 'k1' });
export const keyRevoked = builder('KeyRevoked', { keyId: 'k1' });
export const requestKeyed = builder('RequestKeyed', { persons: 'hash-of-ada' });
export const scoringModelPublished = builder('ScoringModelPublished', {
  version: 2,
  model: defaultModel,
  publishedAt: at,
});

export const jobRequested = builder('JobRequested', {
  projectId,
  jobId: 'rescore-2',
  kind: 'rescore',
  version: 2,
  requestedAt: at,
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
  projectId,
  reactor: 'complete-merges',
  event: merge,
  error: 'It broke',
  attempts: 5,
  firstFailedAt: at,
  lastFailedAt: at,
});
export const workItemOpened = builder('WorkItemOpened', {
  projectId,
  workId: 'w1',
  kind: 'deadline_missed',
  leadId,
  priority: 'normal',
  dueAt: '2026-03-10T16:00:00.000Z',
  reason: 'Nobody replied',
  details: {},
  openedAt: at,
});
export const workItemClaimed = builder('WorkItemClaimed', {
  by: 'grace',
  until: '2026-03-10T12:15:00.000Z',
  claimedAt: at,
});
export const workItemReleased = builder('WorkItemReleased', { by: 'grace', reason: '', releasedAt: at });
export const workItemEscalated = builder('WorkItemEscalated', {
  by: 'grace',
  reason: 'The customer called',
  priority: 'high',
  escalatedAt: at,
});
export const workItemCompleted = builder('WorkItemCompleted', {
  by: 'grace',
  resolution: 'done',
  reason: '',
  completedAt: at,
});
export const workItemCancelled = builder('WorkItemCancelled', { by: 'leadfold', reason: 'Gone', cancelledAt: at });

export const workRetried = builder('WorkRetried', { retriedAt: at });
export const workDone = builder('WorkDone', { doneAt: at });
export const workDiscarded = builder('WorkDiscarded', { reason: 'Not needed', discardedAt: at });

export const rep = (data: Partial<Rep> = {}): Rep => ({
  repId: 'ada',
  name: 'Ada',
  teamIds: ['sales'],
  status: 'active',
  weight: 1,
  capacity: 100,
  skills: [],
  languages: [],
  regions: [],
  industries: [],
  timeOff: [],
  ...data,
});
export const teamAdded = builder('TeamAdded', { teamId: 'sales', name: 'Sales', regions: [] });
export const teamChanged = builder('TeamChanged', { teamId: 'sales', name: 'Sales', regions: [] });
export const repAdded = builder('RepAdded', rep());
export const repChanged = builder('RepChanged', rep());
export const routingRulesPublished = builder('RoutingRulesPublished', {
  version: 1,
  rules: { ...noRules, defaultTeam: 'sales' },
  publishedAt: at,
});
export const replyPolicyPublished = builder('ReplyPolicyPublished', {
  version: 1,
  policy: defaultReplyPolicy,
  publishedAt: at,
});

const chosen = [{ repId: 'ada', in: true, reason: 'chosen' }];
const ofAda = { decision: 1, repId: 'ada' };
const assignment = {
  ...ofAda,
  teamId: 'sales',
  by: 'rules' as const,
  rulesVersion: 1,
  because: 'default team',
  candidates: chosen,
};
export const leadPlaced = builder('LeadPlaced', {
  leadId,
  ...assignment,
  day: '2026-03-10',
  week: '2026-W11',
  placedAt: at,
});
export const workId = `${leadId}.routing-1`;
const nobody = { reason: 'There is nobody to ask', rulesVersion: 1, candidates: [], workId };
export const leadHeld = builder('LeadHeld', { leadId, ...nobody, score: 60, likeness: '[1]', heldAt: at });
export const leadFreed = builder('LeadFreed', { leadId, ...ofAda, credit: false, reason: 'closed: won', freedAt: at });
export const leadAssigned = builder('LeadAssigned', { ...assignment, settles: [], assignedAt: at });
const dueAt = '2026-03-10T12:30:00.000Z';
export const responseDue = builder('ResponseDue', {
  ...ofAda,
  teamId: 'sales',
  policyVersion: 0,
  dueAt,
  atRiskAt: '2026-03-10T12:24:00.000Z',
  steps: [],
});
export const responseAtRisk = builder('ResponseAtRisk', { ...ofAda, dueAt, at: '2026-03-10T12:24:00.000Z' });
export const responseOverdue = builder('ResponseOverdue', { ...ofAda, dueAt, at: dueAt });
export const responseStepTaken = builder('ResponseStepTaken', {
  ...ofAda,
  teamId: 'sales',
  step: 0,
  action: 'notify',
  at: dueAt,
});
export const leadAccepted = builder('LeadAccepted', { ...ofAda, acceptedAt: at, tookMs: 0, settles: [] });
export const leadDeclined = builder('LeadDeclined', { ...ofAda, reason: 'No time', declinedAt: at });
export const leadUnassigned = builder('LeadUnassigned', { ...ofAda, reason: 'By mistake', unassignedAt: at });
export const routingFailed = builder('RoutingFailed', { ...nobody, failedAt: at });
export const approvalRequested = builder('ApprovalRequested', {
  rule: 'large',
  rulesVersion: 1,
  because: 'Rule large asks for approval',
  requestedAt: at,
  workId: `${leadId}.approval-1`,
});
export const approvalGiven = builder('ApprovalGiven', { workId: `${leadId}.approval-1`, by: 'grace', approvedAt: at });
export const routingRequested = builder('RoutingRequested', { reason: 'Call them', requestedAt: at });
export const leadClosed = builder('LeadClosed', { outcome: 'won', reason: 'Signed', settles: [], closedAt: at });
export const leadReopened = builder('LeadReopened', { reason: 'They called', reopenedAt: at });

export const sourceId = 'acme-s0urce00s0ur';
export const sourceAdded = builder('SourceAdded', {
  sourceId,
  name: 'Forms',
  scheme: 'standard',
  enabled: true,
  secretId: 'sec1',
  at,
});
export const sourceChanged = builder('SourceChanged', { sourceId, name: 'Forms', scheme: 'standard', enabled: true });
export const sourceRemoved = builder('SourceRemoved', { sourceId });
export const sourceSecretRotated = builder('SourceSecretRotated', {
  sourceId,
  secretId: 'sec2',
  at,
  formerUntil: new Date(noon.getTime() + 24 * 3_600_000).toISOString(),
});
export const sourceSecretRemoved = builder('SourceSecretRemoved', { sourceId, secretId: 'sec1' });

export const endpointId = 'acme-end0p0int00x';
export const endpointAdded = builder('EndpointAdded', {
  endpointId,
  url: 'https://example.com/hook',
  format: 'standard',
  headers: [],
  secretId: 'sec1',
  at,
});
export const endpointChanged = builder('EndpointChanged', {
  endpointId,
  url: 'https://example.com/hook',
  format: 'standard',
  headers: [],
});
export const endpointRemoved = builder('EndpointRemoved', { endpointId });
export const endpointDisabled = builder('EndpointDisabled', { endpointId, reason: 'by-hand', at });
export const endpointEnabled = builder('EndpointEnabled', { endpointId, at });
export const endpointSecretRotated = builder('EndpointSecretRotated', {
  endpointId,
  secretId: 'sec2',
  at,
  formerUntil: new Date(noon.getTime() + 24 * 3_600_000).toISOString(),
});
export const endpointSecretRemoved = builder('EndpointSecretRemoved', { endpointId, secretId: 'sec1' });
export const deliveryAttempted = builder('DeliveryAttempted', {
  endpointId,
  leadId,
  at,
  attempt: 1,
  status: 200,
  ms: 5,
  result: 'succeeded',
});
export const deliveryRequested = builder('DeliveryRequested', {
  endpointId,
  leadId,
  at,
  reason: 'redelivery',
  toldId: '0f9d6c1e-1a2b-5c3d-8e4f-5a6b7c8d9e0f',
  type: 'lead.qualified',
});
export const deliveryForgotten = builder('DeliveryForgotten', { endpointId, leadId, pending: false });
