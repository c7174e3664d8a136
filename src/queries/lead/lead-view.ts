import { isUnsubscribed } from '../../domain/lead/consent.ts';
import type { Pace, Standing } from '../../domain/lead/insight.ts';
import { insightBecause, nextActionOf, riskOf, trendOf } from '../../domain/lead/insight.ts';
import type { ScoringModel } from '../../domain/scoring/scoring-model.ts';
import type { LeadDocument } from '../../projections/leads.ts';

const lastSeen = ({ firstSeenAt, lastActivityAt }: LeadDocument): string =>
  lastActivityAt === '' ? firstSeenAt : lastActivityAt;

const standingOf = (doc: LeadDocument, { stages }: ScoringModel, now: Date): Standing => ({
  qualified: doc.qualified === 1 && doc.routing !== 'closed',
  unsubscribed: isUnsubscribed(doc.consent, doc.profile),
  height: stages.findIndex(({ name }) => name === doc.stage) / Math.max(1, stages.length - 1),
  risk: riskOf(lastSeen(doc), now),
});

/** A lead's document as it is shown in a list at a time, under the model in force then. */
export const summaryOf = (projectId: string, doc: LeadDocument, model: ScoringModel, now: Date) => {
  const standing = standingOf(doc, model, now);
  return {
    leadId: doc.leadId,
    score: doc.score,
    fit: doc.fit,
    engagement: doc.engagement,
    scoredAt: doc.scoredAt,
    stage: doc.stage,
    qualifiedAt: doc.qualifiedAt,
    assignee: doc.assignee,
    team: doc.team,
    routing: doc.routing,
    outcome: doc.outcome,
    identifiers: doc.identifiers.map(({ kind, value }) => ({ kind, value })),
    profile: doc.profile,
    firstSeenAt: doc.firstSeenAt,
    activities: doc.activities,
    sources: doc.sources,
    revision: doc.revision,
    projectId,
    lastActivityAt: doc.lastActivityAt === '' ? undefined : doc.lastActivityAt,
    unsubscribed: standing.unsubscribed,
    risk: standing.risk,
    nextAction: nextActionOf(standing),
  };
};

/** A lead in a list. Scores are in points as of `scoredAt`, times ISO 8601. */
export type LeadSummary = ReturnType<typeof summaryOf>;

/** What the view of one lead has besides its summary, at a time and under the model in force then. */
export const insightOf = (doc: LeadDocument, pace: Pace, model: ScoringModel, now: Date) => ({
  velocity: pace.day,
  trend: trendOf(pace.week, pace.weekBefore),
  because: insightBecause(standingOf(doc, model, now), pace, lastSeen(doc)),
});

/** A lead by itself. `asOfOccurred` it has no `routing`. */
export type LeadView = Omit<LeadSummary, 'routing'> &
  Partial<Pick<LeadSummary, 'routing'>> &
  ReturnType<typeof insightOf>;
