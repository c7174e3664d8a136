import { explain } from '../domain/scoring/explanation.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { scorable } from '../domain/lead/scorable.ts';
import type { PreparedRule } from '../domain/scoring/prepared-model.ts';
import type { PublishedModel } from '../domain/scoring/published-model.ts';
import type { Scorable } from '../domain/scoring/scoring.ts';
import { applyRule, hundredths, inPoints, preparedOf } from '../domain/scoring/scoring.ts';
import type { Finding } from './report.ts';
import type { Fact, LeadInvariant, LeadEvidence } from './evidence.ts';
import { differs, factsBehind, isSettled, said } from './evidence.ts';

/** A fact says when it was recorded. When its score was reckoned may be so much off, in ms: a queue, or clocks that differ. */
const unsure = 60_000;

/** By how much a score may differ, in hundredths, because the time it is of is not known exactly: nothing without decay. */
const slackOf = (published: PublishedModel, lead: Scorable, at: number): number => {
  const model = preparedOf(published);
  const totalAt = (rule: PreparedRule, time: number): number => applyRule(rule, model, lead, time).total;
  return model.rules
    .filter(({ decay }) => decay)
    .map((rule) => Math.abs(totalAt(rule, at - unsure) - totalAt(rule, at + unsure)))
    .reduce((sum, each) => sum + each, 0);
};

const occasions: readonly Fact['type'][] = [
  ...(['ActivityRecorded', 'LeadAbsorbed', 'LeadScored', 'StageChanged', 'LeadQualified'] as const),
];

/** What a model makes of a lead, against what is recorded of it; undefined when that is the same. */
const disagreement = (published: PublishedModel, { scored, ...state }: LeadState, at: number): Finding | undefined => {
  const lead = scorable({ scored, ...state });
  const { score, fit, engagement, contributions } = explain(published, lead, at);
  const sum = contributions.reduce((total, { points }) => total + hundredths(points), 0);
  if (sum !== hundredths(score)) return { why: `the explanation adds up to ${inPoints(sum)}, the score is ${score}` };
  const by = (a: number, b: number): number => Math.abs(hundredths(a) - hundredths(b));
  const off = Math.max(by(score, scored.score), by(engagement, scored.engagement));
  if (fit === scored.fit && (off === 0 || off <= slackOf(published, lead, at))) return undefined;
  return { why: `${scored.score} is recorded, the fold of the stream under model ${published.version} is ${score}` };
};

/** The versions that the last word on a lead's score may be of, the likely ones first. */
const versionsFrom = (first: number, newest: number): readonly number[] => {
  const between = Array.from({ length: Math.max(0, newest - first - 1) }, (_, index) => newest - 1 - index);
  return [...new Set([newest, first, ...between])];
};

/** The score that the stream records against the score of what it adds up to. Whichever model had the last word may agree. */
const foldDisagrees = ({ facts, state, models }: LeadEvidence): Finding | undefined => {
  const last = facts.findLast(({ type }) => occasions.includes(type));
  if (state.status !== 'lead' || !last) return undefined;
  const first = Math.max(1, state.scored.model);
  if (first > models.newest) return { why: `it was scored with model ${first}, which was never published` };
  const at = last.recordedAt.getTime();
  const lines = [...state.scored.lines.values()].reduce((sum, value) => sum + value, 0);
  if (lines !== hundredths(state.scored.score))
    return { why: `the recorded reasons add up to ${inPoints(lines)}, the recorded score is ${state.scored.score}` };
  let why: Finding | undefined;
  for (const version of versionsFrom(first, models.newest)) {
    const published = models.of(version);
    const wrong = published && disagreement(published, state, at);
    if (published && !wrong) return undefined;
    why ??= wrong;
  }
  return why;
};

/** What a document must say of the score after some facts. */
const scoreBy = (facts: readonly Fact[]): Readonly<Record<string, unknown>> => {
  const scored = facts.findLast((fact) => fact.type === 'LeadScored');
  const stage = facts.findLast((fact) => fact.type === 'StageChanged')?.data.to;
  const captured = facts.find((fact) => fact.type === 'LeadCaptured');
  const { score, fit, engagement, model } = scored?.data ?? { score: 0, fit: 0, engagement: 0, model: 0 };
  const scoredAt = scored?.recordedAt.toISOString();
  return { score, fit, engagement, model, scoredAt, stage: stage ?? captured?.data.stage };
};

/** 5. */
export const scoreIsFold: LeadInvariant = {
  id: 5,
  name: "A lead's score is the fold of its stream and the sum of its explanation",
  check: (evidence) => {
    const { document, facts, merged } = evidence;
    if (facts.length === 0 || isSettled(evidence, merged)) return { checked: 0, findings: [] };
    const inDocument = document && differs('its document', document, scoreBy(factsBehind(evidence)));
    return { checked: 1, findings: [inDocument, foldDisagrees(evidence)].filter((finding) => finding !== undefined) };
  },
};

/** 7. */
export const withinBounds: LeadInvariant = {
  id: 7,
  name: 'No score is outside floor and cap',
  check: ({ document, models }) => {
    const published = typeof document?.model === 'number' ? models.of(document.model) : undefined;
    if (!document || !published) return { checked: 0, findings: [] };
    const { score } = document;
    const { floor, cap } = published.model;
    const inside = typeof score === 'number' && score >= floor && score <= cap;
    const why = `its score is ${said(score)}, the floor of model ${published.version} is ${floor} and the cap ${cap}`;
    return { checked: 1, findings: inside ? [] : [{ why }] };
  },
};
