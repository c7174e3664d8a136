import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listOf } from '../../src/domain/lead/activities.ts';
import { absorbLead } from '../../src/commands/lead/absorb-lead.ts';
import { recordActivities } from '../../src/commands/lead/record-activities.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import { explain } from '../../src/domain/scoring/explanation.ts';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { scorable, traitsOf } from '../../src/domain/lead/scorable.ts';
import type { LeadState } from '../../src/domain/lead/lead.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { hundredths, inPoints, stageOf, tally } from '../../src/domain/scoring/scoring.ts';
import { activities, arrivals, cut, models } from '../support/arbitraries.ts';
import { anonymousId, idOf, projectId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const asOf = noon.getTime();
const identifier = (n: number) => anonymousId(`a${n}`);

/** A lead's state with the facts that made it. */
type Told = { readonly state: LeadState; readonly facts: readonly LeadEvent[] };

const tell = ({ state, facts }: Told, more: readonly LeadEvent[]): Told => ({
  state: more.reduce(lead.evolve, state),
  facts: [...facts, ...more],
});

const recorded = (told: Told, batch: readonly Activity[], scoring: PublishedModel, now: Date, n = 0): Told => {
  const capture = identifier(n);
  const input = {
    projectId,
    leadId: idOf(capture),
    capture,
    identifiers: [],
    refused: [],
    activities: [...batch],
    scoring,
  };
  return tell(told, recordActivities.decide(told.state, input, { now }));
};

/** A lead that came to be by these batches, each recorded at a time of its own. */
const grown = (
  batches: readonly (readonly Activity[])[],
  scoring: PublishedModel,
  hours: readonly number[],
  n = 0,
): Told =>
  batches.reduce<Told>(
    (told, batch, at) =>
      recorded(told, batch, scoring, new Date(asOf + (hours[at % hours.length] ?? 0) * 3_600_000), n),
    { state: lead.initial, facts: [] },
  );

/** Everything about a lead that arrival may not change. */
const essence = (state: LeadState, scoring: PublishedModel) => {
  const total = tally(scoring, scorable(state), asOf);
  return {
    activities: listOf(state.activities).toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1)),
    traits: Object.fromEntries(Object.entries(traitsOf(state)).sort(([a], [b]) => (a < b ? -1 : 1))),
    tally: { ...total, lines: Object.fromEntries(total.lines) },
    stage: stageOf(scoring.model, inPoints(total.score)),
  };
};

const sumOf = (parts: readonly { readonly points: number }[]): number =>
  parts.reduce((sum, { points }) => sum + hundredths(points), 0);

const hours = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 5 });

/** Activities as they may arrive: some twice, in any order, in batches. */
const arriving = activities(16).chain((all) =>
  fc.record({ all: fc.constant(all), batches: arrivals(all).chain((some) => cut(some)) }),
);

describe('Any activities', () => {
  it('come to the same score, stage and profile in any order, any batches and however often', () => {
    fc.assert(
      fc.property(arriving, models, hours, ({ all, batches }, model, at) => {
        const [one, other] = [grown([all], model, [0]), grown(batches, model, at)];
        if (batches.length > 0) expect(essence(other.state, model)).toEqual(essence(one.state, model));
      }),
      { numRuns: 400 },
    );
  });

  it('are explained by contributions whose sum is the score, within its floor and cap', () => {
    fc.assert(
      fc.property(activities(16), models, hours, (all, model, [later = 0]) => {
        const { state } = grown([all], model, [0]);
        const { contributions, score, fit, engagement } = explain(model, scorable(state), asOf + later * 3_600_000);
        expect(sumOf(contributions)).toBe(hundredths(score));
        const { floor, cap } = model.model;
        expect(hundredths(score)).toBe(
          Math.min(Math.max(hundredths(fit) + hundredths(engagement), hundredths(floor)), hundredths(cap)),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('are scored for reasons whose sum is the change, and the changes add up to the score', () => {
    fc.assert(
      fc.property(arriving, models, models, hours, ({ batches }, model, next, at) => {
        const told = batches.reduce<Told>(
          (sofar, batch, index) => {
            const now = new Date(asOf + (at[index % at.length] ?? 0) * 3_600_000);
            return recorded(sofar, batch, index < batches.length / 2 ? model : { ...next, version: 3 }, now);
          },
          { state: lead.initial, facts: [] },
        );
        const scored = told.facts.flatMap((fact) => (fact.type === 'LeadScored' ? [fact.data] : []));
        let [score, above] = [0, false];
        for (const each of scored) {
          expect(sumOf(each.because)).toBe(hundredths(each.delta));
          score += hundredths(each.delta);
          expect(score).toBe(hundredths(each.score));
        }
        for (const fact of told.facts) {
          if (fact.type === 'LeadQualified') expect(above).toBe(true);
          if (fact.type === 'LeadScored') above = fact.data.qualified;
        }
        const crossings = scored.filter(({ qualified }, n) => qualified && !scored[n - 1]?.qualified).length;
        expect(told.facts.filter(({ type }) => type === 'LeadQualified')).toHaveLength(crossings);
      }),
      { numRuns: 400 },
    );
  });

  it('come to the same when they were several leads that were merged, in whatever order and parts', () => {
    const leads = activities(16).chain((all) =>
      fc.record({
        all: fc.constant(all),
        split: fc.array(arrivals(all), { minLength: 2, maxLength: 4 }),
        merges: fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 6 }),
        size: fc.integer({ min: 1, max: 6 }),
      }),
    );
    fc.assert(
      fc.property(leads, models, hours, ({ all, split, merges, size }, model, at) => {
        const start = split.map((part, n) => grown([part.slice(0, 5 + n), part.slice(5 + n)], model, at, n));
        const whole = [...start.keys()];
        const order = [
          ...merges.map(([a, b]) => [a % whole.length, b % whole.length] as const),
          ...whole.map((n) => [0, n] as const),
        ];
        const into = new Map<number, number>();
        const top = (n: number): number => (into.has(n) ? top(into.get(n) ?? n) : n);
        for (const [a, b] of order) {
          const [survivor, gone] = [top(a), top(b)];
          if (survivor === gone) continue;
          into.set(gone, survivor);
          start[survivor] = absorbed(start[survivor], start[gone], size, model, idOf(identifier(gone)));
        }
        const [last] = [start[top(0)]];
        const union = all.filter(({ eventId }) => split.some((part) => part.some((each) => each.eventId === eventId)));
        if (last) expect(essence(last.state, model)).toEqual(essence(grown([union], model, [0]).state, model));
        const scored = last?.facts.flatMap((fact) => (fact.type === 'LeadScored' ? [fact.data] : [])) ?? [];
        for (const { because, delta } of scored) expect(sumOf(because)).toBe(hundredths(delta));
      }),
      { numRuns: 250 },
    );
  });
});

/** A survivor that took over a lead in parts of some size. */
const absorbed = (
  survivor: Told | undefined,
  gone: Told | undefined,
  size: number,
  scoring: PublishedModel,
  from: string,
): Told => {
  if (!survivor || !gone) throw new Error('Both leads are there');
  const had = listOf(gone.state.activities);
  const count = Math.max(1, Math.ceil(had.length / size));
  return Array.from({ length: count }).reduce<Told>((told, _, part) => {
    const input = {
      projectId,
      leadId: told.state.leadId,
      from,
      scoring,
      last: part === count - 1,
      identifiers: [...gone.state.identifiers.values()],
      profile: part === 0 ? gone.state.profile.toObject() : {},
      activities: had.slice(part * size, (part + 1) * size),
      qualifications: gone.state.qualifications,
    };
    return tell(told, absorbLead.decide(told.state, input, { now: noon }));
  }, survivor);
};
