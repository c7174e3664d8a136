import { Map as PersistentMap, Set as PersistentSet } from 'immutable';
import type { Activities } from './activities.ts';
import { activityOf, noActivities, withOneMore } from './activities.ts';
import type { Activity } from './activity.ts';
import type { Aggregate } from '../event.ts';
import type { Identifier, Merges, Root } from '../identity/identity.ts';
import { identifierKey, normalized, withUserId } from '../identity/identity.ts';
import type { Brought, LeadEvent, LeadFact, Qualifications } from './lead-events.ts';
import { leadSnapshot } from './lead-snapshot.ts';
import { weigh } from './lead-weight.ts';
import type { Ownership } from '../routing/ownership.ts';
import { nobodysLead, withOwnership } from '../routing/ownership.ts';
import type { OwnershipEvent } from '../routing/ownership-events.ts';
import { routingBrought } from '../routing/ownership-merge.ts';
import type { Profile } from './profile.ts';
import { withTraits } from './profile.ts';
import { hundredths } from '../scoring/scoring.ts';

/** The score as last recorded: in points, and what each rule has brought so far, in hundredths. */
export type RecordedScore = {
  readonly score: number;
  readonly fit: number;
  readonly engagement: number;
  readonly model: number;
  readonly stage: string;
  readonly lines: ReadonlyMap<string, number>;
};

/** What the facts of a lead's stream add up to. A merged lead keeps what it had, until and after its survivor absorbs it. */
export type LeadState = Profile & {
  readonly status: 'unused' | 'lead' | 'merged';
  readonly leadId: string;
  readonly capturedAt: string;
  readonly into: string | undefined;
  readonly identifiers: PersistentMap<string, Identifier>;
  /** The userIds among its identifiers: one, or more after two processes joined two at the same instant. */
  readonly userIds: readonly string[];
  /** The e-mail addresses among them, in their normal form. */
  readonly emails: PersistentSet<string>;
  readonly activities: Activities;
  readonly absorbed: PersistentSet<string>;
  readonly merges: Merges;
  readonly refused: PersistentSet<string>;
  readonly scored: RecordedScore;
  readonly qualifications: Qualifications;
  readonly ownership: Ownership;
};

const initial: LeadState = {
  status: 'unused',
  leadId: '',
  capturedAt: '',
  into: undefined,
  identifiers: PersistentMap(),
  userIds: [],
  emails: PersistentSet(),
  activities: noActivities,
  profile: PersistentMap(),
  profileBytes: 0,
  absorbed: PersistentSet(),
  merges: { leads: 0, depth: 0 },
  refused: PersistentSet(),
  scored: { score: 0, fit: 0, engagement: 0, model: 0, stage: '', lines: new Map() },
  qualifications: { above: false, count: 0 },
  ownership: nobodysLead,
};

const withEmail = (emails: PersistentSet<string>, identifier: Identifier): PersistentSet<string> =>
  identifier.kind === 'email' ? emails.add(normalized(identifier).value) : emails;

const withIdentifier = (state: LeadState, identifier: Identifier): LeadState => {
  const key = identifierKey(identifier);
  if (state.identifiers.has(key)) return state;
  return {
    ...state,
    identifiers: state.identifiers.set(key, identifier),
    userIds: withUserId(state.userIds, identifier),
    emails: withEmail(state.emails, identifier),
  };
};

const withActivity = (state: LeadState, activity: Activity): LeadState => {
  if (activityOf(state.activities, activity.eventId)) return state;
  const { profile, profileBytes } = activity.traits ? withTraits(state, activity) : state;
  return {
    ...state,
    activities: withOneMore(state.activities, activity),
    profile,
    profileBytes,
  };
};

/** What a lead's merges are when it has taken over one that had those. */
const withMerged = ({ leads, depth }: Merges, merged: Merges = { leads: 0, depth: 0 }): Merges => ({
  leads: leads + merged.leads + 1,
  depth: Math.max(depth, merged.depth + 1),
});

const withAbsorbed = (state: LeadState, { data }: LeadFact<'LeadAbsorbed'>): LeadState => {
  const joined = data.activities.reduce(withActivity, data.identifiers.reduce(withIdentifier, state));
  const { above, count, firstAt } = data.qualifications;
  const first = [state.qualifications.firstAt, firstAt].filter((each) => each !== undefined).sort()[0];
  return {
    ...joined,
    absorbed: data.last ? state.absorbed.add(data.from) : state.absorbed,
    merges: data.last && !state.absorbed.has(data.from) ? withMerged(state.merges, data.merges) : state.merges,
    qualifications: {
      above: state.qualifications.above || above,
      count: state.qualifications.count + (data.last ? count : 0),
      ...(first && { firstAt: first }),
    },
  };
};

const withScore = (state: LeadState, { data }: LeadFact<'LeadScored'>): LeadState => {
  // Copied, as there are no more of them than rules, and scoring has gone through those anyway.
  const lines = new Map(state.scored.lines);
  for (const { rule, points } of data.because) {
    const sum = (lines.get(rule) ?? 0) + hundredths(points);
    if (sum === 0) lines.delete(rule);
    else lines.set(rule, sum);
  }
  const { score, fit, engagement, model, qualified } = data;
  return {
    ...state,
    scored: { ...state.scored, score, fit, engagement, model, lines },
    qualifications: { ...state.qualifications, above: qualified },
  };
};

const merged = (state: LeadState, { data: { into, identifier } }: LeadFact<'LeadMerged'>): LeadState => {
  const away: LeadState = { ...state, status: 'merged', into };
  return identifier ? withIdentifier(away, identifier) : away;
};

/** A fact that is about who has the lead; one of another kind that has no case does not compile. */
const leftToOwnership = (state: LeadState, _: OwnershipEvent): LeadState => state;

const known = (state: LeadState, event: LeadEvent): LeadState => {
  switch (event.type) {
    case 'LeadCaptured': {
      if (state.status !== 'unused') return state;
      const { leadId, capturedAt, identifier, stage } = event.data;
      const scored = { ...state.scored, stage };
      return withIdentifier({ ...state, status: 'lead', leadId, capturedAt, scored }, identifier);
    }
    case 'LeadMerged':
      if (state.status === 'merged') return state;
      return merged(state, event);
    case 'LeadAbsorbed':
      return withAbsorbed(state, event);
    case 'IdentifierAdded':
      return withIdentifier(state, event.data.identifier);
    case 'LinkRefused':
      return { ...state, refused: state.refused.add(identifierKey(event.data.identifier)) };
    case 'ActivityRecorded':
      return withActivity(state, event.data);
    case 'LeadScored':
      return withScore(state, event);
    case 'StageChanged':
      return {
        ...state,
        scored: { ...state.scored, stage: event.data.to, model: Math.max(state.scored.model, event.data.model) },
      };
    case 'LeadQualified': {
      const { count, qualifiedAt } = event.data;
      const firstAt = state.qualifications.firstAt ?? qualifiedAt;
      return { ...state, qualifications: { above: true, count, firstAt } };
    }
    case 'ProfileUpdated': // announces what the traits of activities did to the profile
    case 'IdentityConflict': // announces what the identifiers say
      return state;
    default:
      return leftToOwnership(state, event);
  }
};

const evolve = (before: LeadState, event: LeadEvent): LeadState => {
  const state = known(before, event);
  const ownership = withOwnership(state.ownership, event);
  return ownership === state.ownership ? state : { ...state, ownership };
};

export const lead: Aggregate<LeadState, LeadEvent> = {
  name: 'lead',
  initial,
  evolve,
  weigh,
  snapshot: leadSnapshot,
};

/** What a merged lead brings to the one that takes it over, besides identifiers and activities. */
export const broughtBy = ({ qualifications, ownership, merges }: LeadState): Brought => ({
  qualifications,
  routing: routingBrought(ownership),
  merges,
});

export const rootOf = ({ leadId, capturedAt, userIds, identifiers, emails, merges }: LeadState): Root => ({
  leadId,
  capturedAt,
  userIds,
  identifiers: identifiers.size,
  emails: emails.size,
  merges,
});
