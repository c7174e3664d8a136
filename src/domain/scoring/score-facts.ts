import type { Activity } from '../lead/activity.ts';
import type { Because, LeadEvent, ScoreCause } from '../lead/lead-events.ts';
import type { LeadState } from '../lead/lead.ts';
import { scorable } from '../lead/scorable.ts';
import { Rejection } from '../rejection.ts';
import type { PreparedModel, PreparedRule } from './prepared-model.ts';
import type { PublishedModel } from './published-model.ts';
import type { Lines, Scorable } from './scoring.ts';
import { hundredths, inPoints, preparedOf, stageOf, tally, worthOf } from './scoring.ts';

/** What each rule gained since the score was last recorded, in hundredths; a rule that lost its points counts below zero. */
const gains = (before: Lines, after: Lines): Map<string, number> => {
  const changes = new Map<string, number>();
  const note = (name: string, change: number): void => void (change !== 0 && changes.set(name, change));
  for (const [name, value] of before) note(name, (after.get(name) ?? 0) - value);
  for (const [name, value] of after) if (!before.has(name)) note(name, value);
  return changes;
};

/** A lead with the model that scores it, made ready. */
type Scored = { readonly model: PreparedModel; readonly lead: Scorable };

/** What new activities bring by themselves, rule by rule. The rest of a rule's gain is limits, decay or a changed rule. */
const broughtBy = (fresh: readonly Activity[], scored: Scored, asOf: number): readonly Because[] => {
  const because: Because[] = [];
  const tell = (rule: PreparedRule, activity: Activity): void => {
    const points = inPoints(worthOf(rule, activity, scored, asOf));
    if (points !== 0) because.push({ rule: rule.id, points, eventId: activity.eventId });
  };
  const [only] = fresh;
  if (only && fresh.length === 1) {
    // Of one, as of most commands, the rules are at hand; else they are told in the order of the model.
    for (const rule of scored.model.rulesOf(only.eventType)) tell(rule, only);
    return because;
  }
  const byType = Map.groupBy(fresh, ({ eventType }) => eventType);
  for (const rule of scored.model.rules)
    for (const eventType of rule.eventTypes) for (const activity of byType.get(eventType) ?? []) tell(rule, activity);
  return because;
};

/** Finds the new activity that said a trait at which a fit rule looks, if one of the new activities did. */
const tellers =
  ({ fit }: PreparedModel, { profile }: LeadState, fresh: readonly Activity[]) =>
  (ruleId: string): string | undefined => {
    for (const trait of fit.get(ruleId)?.traits ?? []) {
      const said = (profile.get(trait) ?? profile.get(trait.split('.')[0] ?? ''))?.by;
      if (said !== undefined && fresh.some(({ eventId }) => eventId === said)) return said;
    }
    return undefined;
  };

/** The reasons of a change: what the new activities brought, and what else changed in each rule. */
const reasons = (
  before: Lines,
  after: Lines,
  brought: readonly Because[],
  teller: (rule: string) => string | undefined,
): Because[] => {
  const rest = gains(before, after);
  for (const { rule, points } of brought) rest.set(rule, (rest.get(rule) ?? 0) - hundredths(points));
  const because = [...brought];
  for (const [rule, value] of rest) {
    if (value === 0) continue;
    const eventId = teller(rule);
    because.push({ rule, points: inPoints(value), ...(eventId && { eventId }) });
  }
  return because;
};

type Occasion = {
  readonly model: PublishedModel;
  readonly now: Date;
  readonly cause: ScoreCause;
  /** The activities that are new since the score was last recorded. */
  readonly fresh: readonly Activity[];
};

/**
 * The facts that follow when a lead's activities, profile or model changed: its new score, its new stage, and that it
 * crossed the qualification threshold upward. None when nothing changed. A model older than the one last used is rejected.
 */
export const scoreFacts = (
  state: LeadState,
  { model: published, now, cause, fresh }: Occasion,
): readonly LeadEvent[] => {
  const { version, model } = published;
  if (version < state.scored.model) {
    throw new Rejection('scoring-model-outdated', `The lead was scored with model ${state.scored.model} already`);
  }
  const lead = scorable(state);
  const prepared = preparedOf(published);
  const asOf = now.getTime();
  const total = tally({ version, model, prepared: () => prepared }, lead, asOf);
  const [score, fit, engagement] = [inPoints(total.score), inPoints(total.fit), inPoints(total.engagement)];
  const facts: LeadEvent[] = [];

  const before = state.scored;
  const qualified = score >= model.qualificationThreshold;
  const moved = score !== before.score || fit !== before.fit || engagement !== before.engagement;
  // A new threshold alone is recorded too: else the next crossing could not be told from the last.
  if (moved || qualified !== state.qualifications.above) {
    const brought = broughtBy(fresh, { model: prepared, lead }, asOf);
    const because = reasons(before.lines, total.lines, brought, tellers(prepared, state, fresh));
    const delta = inPoints(total.score - hundredths(before.score));
    facts.push({
      type: 'LeadScored',
      data: { score, fit, engagement, delta, model: version, cause, because, qualified },
    });
  }
  const stage = stageOf(model, score);
  if (stage !== before.stage) {
    facts.push({ type: 'StageChanged', data: { from: before.stage, to: stage, score, model: version } });
  }
  if (qualified && !state.qualifications.above) {
    facts.push({
      type: 'LeadQualified',
      data: {
        score,
        threshold: model.qualificationThreshold,
        model: version,
        cause,
        factors: [...total.lines].map(([rule, value]) => ({ rule, points: inPoints(value) })),
        count: state.qualifications.count + 1,
        quiet: cause === 'model',
        qualifiedAt: now.toISOString(),
      },
    });
  }
  return facts;
};
