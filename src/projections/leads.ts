import { z } from 'zod';
import type { Activity } from '../domain/lead/activity.ts';
import { jsonObject } from '../domain/lead/activity.ts';
import { consentAfter, consentSchema } from '../domain/lead/consent.ts';
import { identifierSchema } from '../domain/identity/identity.ts';
import type { LeadEvent, LeadFact } from '../domain/lead/lead-events.ts';
import { nobodysLead, withOwnership } from '../domain/routing/ownership.ts';
import { outcomes, ownershipStatuses } from '../domain/routing/ownership-events.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { termsOf } from './lead-terms.ts';
import type { Projection } from './projection.ts';

/** How many of the ways in by which its activities came are kept of a lead. */
const mostSources = 50;

/** A lead as it is listed. Scores are in points, times ISO 8601. `score` is as of `scoredAt`: decay moves on. */
export const leadDocument = z.object({
  leadId: z.string(),
  score: z.number(),
  fit: z.number(),
  engagement: z.number(),
  model: z.number(),
  scoredAt: z.string().optional(),
  /** The revision of the fact that has this score. */
  scoredRevision: z.number().optional(),
  stage: z.string(),
  /** 1 when the score reaches the qualification threshold, else 0. */
  qualified: z.number(),
  qualifiedAt: z.string().optional(),
  /** The rep who has it, and the team for which, while it is assigned. */
  assignee: z.string().optional(),
  team: z.string().optional(),
  routing: z.enum(ownershipStatuses).default('none'),
  /** 1 when it is qualified, and nobody is to have it; else not there. */
  unrouted: z.number().optional(),
  /** What became of it, while it is closed. */
  outcome: z.enum(outcomes).optional(),
  /** The number of the last decision about it that was heard of. */
  decision: z.number().default(0),
  identifiers: z.array(identifierSchema),
  profile: jsonObject,
  firstSeenAt: z.string(),
  lastActivityAt: z.string(),
  activities: z.number(),
  /** By which ways in its activities came, by name. */
  sources: z.array(z.string()).default([]),
  /** What it said last about hearing from us. */
  consent: consentSchema.optional(),
  revision: z.number(),
  terms: z.array(z.string()),
});
export type LeadDocument = Readonly<z.infer<typeof leadDocument>>;

const found = (doc: Omit<LeadDocument, 'terms'>): LeadDocument => ({ ...doc, terms: termsOf(doc) });

const begun = ({ data }: LeadFact<'LeadCaptured'>): LeadDocument =>
  found({
    leadId: data.leadId,
    score: 0,
    fit: 0,
    engagement: 0,
    model: 0,
    qualified: 0,
    activities: 0,
    revision: 0,
    routing: 'none',
    decision: 0,
    stage: data.stage,
    identifiers: [data.identifier],
    profile: {},
    firstSeenAt: data.capturedAt,
    lastActivityAt: '',
    sources: [],
  });

type Done = Pick<Activity, 'eventId' | 'eventType' | 'occurredAt' | 'source'>;

const withActivities = (doc: LeadDocument, activities: readonly Done[]): LeadDocument => {
  let { firstSeenAt, lastActivityAt, consent, sources } = doc;
  for (const activity of activities) {
    const { occurredAt, source } = activity;
    if (occurredAt < firstSeenAt) firstSeenAt = occurredAt;
    if (occurredAt > lastActivityAt) lastActivityAt = occurredAt;
    consent = consentAfter(consent, activity);
    if (sources.length < mostSources && !sources.includes(source)) sources = [...sources, source].sort();
  }
  const after = { ...doc, firstSeenAt, lastActivityAt, activities: doc.activities + activities.length };
  const known = consent === undefined ? after : { ...after, consent };
  return sources === doc.sources ? known : found({ ...known, sources });
};

const withChanges = (doc: LeadDocument, changes: LeadDocument['profile']): LeadDocument => {
  const profile = Object.fromEntries(
    Object.entries({ ...doc.profile, ...changes }).filter(([, value]) => value !== null),
  );
  return found({ ...doc, profile });
};

const changed = (doc: LeadDocument, event: Recorded<LeadEvent>): LeadDocument | undefined => {
  switch (event.type) {
    case 'LeadMerged':
      return undefined;
    case 'LeadAbsorbed': {
      const { identifiers, activities, qualifications } = event.data;
      const joined = withActivities(found({ ...doc, identifiers: [...doc.identifiers, ...identifiers] }), activities);
      const [qualifiedAt] = [doc.qualifiedAt, qualifications.firstAt].filter((each) => each !== undefined).sort();
      return { ...joined, ...(qualifiedAt && { qualifiedAt }) };
    }
    case 'IdentifierAdded':
      return found({ ...doc, identifiers: [...doc.identifiers, event.data.identifier] });
    case 'ActivityRecorded':
      return withActivities(doc, [event.data]);
    case 'ProfileUpdated':
      return withChanges(doc, event.data.changes);
    case 'LeadScored': {
      const { score, fit, engagement, model, qualified } = event.data;
      const scoredAt = event.recordedAt.toISOString();
      const scoredRevision = event.revision;
      const scored = { ...doc, score, fit, engagement, model, scoredAt, scoredRevision, qualified: qualified ? 1 : 0 };
      return scored.qualified === doc.qualified ? scored : found(scored);
    }
    case 'StageChanged':
      return { ...doc, stage: event.data.to };
    case 'LeadQualified':
      return { ...doc, qualifiedAt: doc.qualifiedAt ?? event.data.qualifiedAt };
    default:
      return doc;
  }
};

/** Whose the lead is after a fact: told by what the document has, as it is decided by what the stream has. */
const owned = (doc: LeadDocument, event: LeadEvent): LeadDocument => {
  // What most leads do most of the time, and says nothing about that.
  if (event.type === 'ActivityRecorded' || event.type === 'LeadScored') return doc;
  const { assignee: repId, team: teamId, outcome, routing: status, decision, ...rest } = doc;
  const before = { ...nobodysLead, status, decision, repId, teamId, outcome };
  const after = withOwnership(before, event);
  if (after === before) return doc;
  return {
    ...rest,
    routing: after.status,
    decision: after.decision,
    ...(after.status === 'assigned' && { assignee: after.repId, team: after.teamId }),
    ...(after.status === 'closed' && { outcome: after.outcome }),
  };
};

/** A lead that a new model qualified stays with nobody until somebody asks: those are looked for together. */
const marked = (doc: LeadDocument, revision: number): LeadDocument => {
  const alone = doc.qualified === 1 && doc.routing === 'none';
  if (alone === (doc.unrouted === 1)) return { ...doc, revision };
  const { unrouted: _, ...rest } = doc;
  return alone ? { ...rest, unrouted: 1, revision } : { ...rest, revision };
};

/** Every lead that lives, by its id. */
export const leads: Projection<LeadDocument, LeadEvent> = {
  name: 'leads',
  of: 'lead',
  version: 4,
  streams: [streamsOf('lead')],
  document: leadDocument,
  // Of indexes that suit a query as well the first is used.
  indexes: [
    ['assignee', 'score'],
    ['team', 'score'],
    ['team', 'lastActivityAt'],
    ['team', 'firstSeenAt'],
    ['unrouted', 'score'],
    ['unrouted', 'firstSeenAt'],
    ['routing', 'score'],
    // Not by the last activity: each activity of each lead would be one more write.
    ['routing', 'firstSeenAt'],
    ['stage', 'score'],
    ['stage', 'lastActivityAt'],
    ['stage', 'firstSeenAt'],
    ['score'],
    ['lastActivityAt'],
    ['firstSeenAt'],
    ['qualified'],
  ],
  // Nobody has most leads, so what they do costs nothing in these.
  sparse: ['assignee', 'team', 'unrouted'],
  terms: 'terms',
  keys: (event) => {
    const linked = event.type === 'LeadMerged' && event.data.identifier !== undefined;
    const parts = linked ? undefined : streamParts('lead', event.stream);
    return parts ? [{ project: parts.projectId, id: parts.id }] : [];
  },
  evolve: (doc, event) => {
    if (event.type === 'LeadCaptured') return begun(event);
    const after = doc && changed(doc, event);
    return after && marked(owned(after, event), event.revision);
  },
  begins: ({ type }) => type === 'LeadCaptured',
};
