import type { Activity } from '../lead/activity.ts';
import type { Because, LeadEvent, ScoreCause } from '../lead/lead-events.ts';
import type { LeadState } from '../lead/lead.ts';
import { scorable } from '../lead/scorable.ts';
import { Rejection } from '../rejection.ts';
import type { PreparedModel } from './prepared-model.ts';
import type { PublishedModel } from './published-model.ts';
import type { Lines, Scorable } from './scoring.ts';
import { hundredths, inPoints, preparedOf, stageOf, tally, worthOf } from './scoring.ts';

/** What each rule gained since the score was last recorded, in hundredths; a rule that lost its points counts below zero. */
const gains = (before: Lines, after: Lines): Map<string, number> => {
  const names = new Set([...before.keys(), ...after.keys()]);
  const changes = [...names].map((name): [string, number] => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)]);
  return new Map(changes.filter(([, change]) => change !== 0));
};

/** A lead with the model that scores it, made ready. */
type Scored = { readonly model: PreparedModel; readonly lead: Scorable };

/** What new activities bring by themselves, rule by rule. The rest of a rule's gain is limits, decay or a changed rule. */
const broughtBy = (fresh: readonly Activity[], scored: Scored, asOf: number): readonly Because[] => {
  const byType = Map.groupBy(fresh, ({ eventType }) => eventType);
  // For one type, as of most commands, its rules are at hand; else they are told in the order of the model.
  const [only] = byType.size === 1 ? byType.keys() : [];
  const rules = only === undefined ? scored.model.rules : scored.model.rulesOf(only);
  return rules.flatMap((rule) =>
    rule.eventTypes.flatMap((eventType) =>
      (byType.get(eventType) ?? []).flatMap((activity) => {
        const points = inPoints(worthOf(rule, activity, scored, asOf));
        return points === 0 ? [] : [{ rule: rule.id, points, eventId: activity.eventId }];
      }),
    ),
  );
};

/** Finds the new activity that said a trait at which a fit rule looks, if one of the new activities did. */
const tellers = ({ fit }: PreparedModel, { profile }: LeadState, fresh: readonly Activity[]) => {
  const news = new Set(fresh.map(({ eventId }) => eventId));
  return (ruleId: string): string | undefined => {
    for (const trait of fit.get(ruleId)?.traits ?? []) {
      const said = (profile.get(trait) ?? profile.get(trait.split('.')[0] ?? ''))?.by;
      if (said !== undefined && news.has(said)) return said;
    }
    return undefined;
  };
};

/** The reasons of a change: what the new activities brought, and what else changed in each rule. */
const reasons = (
  changes: ReadonlyMap<string, number>,
  brought: readonly Because[],
  teller: (rule: string) => string | undefined,
): Because[] => {
  const rest = new Map(changes);
  for (const { rule, points } of brought) rest.set(rule, (rest.get(rule) ?? 0) - hundredths(points));
  const others = [...rest].filter(([, value]) => value !== 0);
  return [
    ...brought,
    ...others.map(([rule, value]) => {
      const eventId = teller(rule);
      return { rule, points: inPoints(value), ...(eventId && { eventId }) };
    }),
  ];
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
    const changes = gains(new Map(before.lines), total.lines);
    const because = reasons(changes, brought, tellers(prepared, state, fresh));
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
