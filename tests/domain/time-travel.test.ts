import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventIdsOf, listOf } from '../../src/domain/lead/activities.ts';
import { absorbLead } from '../../src/commands/lead/absorb-lead.ts';
import { recordActivities } from '../../src/commands/lead/record-activities.ts';
import type { Activity } from '../../src/domain/lead/activity.ts';
import { paceOf } from '../../src/domain/lead/insight.ts';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import type { LeadState } from '../../src/domain/lead/lead.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { scorable, traitsOf } from '../../src/domain/lead/scorable.ts';
import type { PublishedModel } from '../../src/domain/scoring/published-model.ts';
import { inPoints, stageOf, tally } from '../../src/domain/scoring/scoring.ts';
import type { Past } from '../../src/domain/lead/time-travel.ts';
import { occurredUntil, recordedUntil } from '../../src/domain/lead/time-travel.ts';
import { activities, arrivals, cut, models, occurredAt } from '../support/arbitraries.ts';
import { anonymousId, idOf, projectId } from '../support/facts.ts';
import { noon } from '../support/noon.ts';

type Point = { readonly points: number; readonly recordedAt: Date };
const count = (sum: number, { points }: Point): number => 10 * sum + points;
const empty: Past<number> = { now: 0, then: undefined };
const pastOf = (facts: readonly Point[], asOf: Date | undefined) => facts.reduce(recordedUntil(count, asOf), empty);

/** Facts with the milliseconds at which a clock said that they were recorded. */
const pointsAt = (times: readonly number[]): readonly Point[] =>
  times.map((time, n) => ({ points: 1 + (n % 9), recordedAt: new Date(time) }));

const clock = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 9 });

describe('The facts of a stream as of a time', () => {
  it('are all of them when the time is that of the last or later, or none is given', () => {
    fc.assert(
      fc.property(clock, (times) => {
        const facts = pointsAt(times);
        const all = facts.reduce(count, 0);
        for (const asOf of [undefined, new Date(50), new Date(times.at(-1) ?? 0)]) {
          expect(pastOf(facts, asOf)).toEqual({ now: all, then: all });
        }
      }),
    );
  });

  it('are those that were there then, after each fact of a clock that goes on', () => {
    fc.assert(
      fc.property(clock, (steps) => {
        let time = 0;
        const facts = pointsAt(steps.map((step) => (time += step + 1)));
        expect(pastOf(facts, new Date(0)).then).toBeUndefined();
        facts.forEach(({ recordedAt }, n) => {
          const before = facts.slice(0, n + 1).reduce(count, 0);
          expect(pastOf(facts, recordedAt).then).toBe(before);
        });
      }),
    );
  });

  it('are the beginning of the stream also when the clock jumped, and more of it at a later time', () => {
    fc.assert(
      fc.property(clock, fc.integer({ min: 0, max: 50 }), (times, asOf) => {
        const facts = pointsAt(times);
        const beginnings = facts.map((_, n) => facts.slice(0, n + 1).reduce(count, 0));
        const [then, later] = [asOf, asOf + 1].map((at) => pastOf(facts, new Date(at)).then);
        if (then !== undefined) expect(beginnings).toContain(then);
        expect(later ?? 0).toBeGreaterThanOrEqual(then ?? 0);
      }),
    );
  });
});

const identifier = (n: number) => anonymousId(`a${n}`);
type Told = { readonly state: LeadState; readonly facts: readonly LeadEvent[] };
const begun: Told = { state: lead.initial, facts: [] };

const tell = ({ state, facts }: Told, more: readonly LeadEvent[]): Told => ({
  state: more.reduce(lead.evolve, state),
  facts: [...facts, ...more],
});

const recorded = (told: Told, batch: readonly Activity[], scoring: PublishedModel, n = 0): Told => {
  const capture = identifier(n);
  const about = { projectId, leadId: idOf(capture), capture, identifiers: [], refused: [] };
  return tell(told, recordActivities.decide(told.state, { ...about, activities: [...batch], scoring }, { now: noon }));
};

const grown = (batches: readonly (readonly Activity[])[], scoring: PublishedModel, n = 0): Told =>
  batches.reduce<Told>((told, batch) => recorded(told, batch, scoring, n), begun);

/** A lead that took over another one. */
const absorbed = (survivor: Told, gone: Told, scoring: PublishedModel): Told => {
  const { state } = gone;
  const input = {
    projectId,
    leadId: survivor.state.leadId,
    from: state.leadId,
    scoring,
    last: true,
    identifiers: [...state.identifiers.values()],
    activities: [...listOf(state.activities)],
    profile: state.profile.toObject(),
    qualifications: state.qualifications,
  };
  return tell(survivor, absorbLead.decide(survivor.state, input, { now: noon }));
};

const known = ({ facts }: Told, time: string): LeadState =>
  facts.flatMap((fact) => occurredUntil(fact, time) ?? []).reduce(lead.evolve, lead.initial);

/** All that is told of a lead by what it did until a time. */
const told = (state: LeadState, scoring: PublishedModel, time: string) => {
  const total = tally(scoring, scorable(state), Date.parse(time));
  const did = listOf(state.activities).map((each) => each.occurredAt);
  return {
    activities: eventIdsOf(state.activities).sort(),
    identifiers: [...state.identifiers.keys()].sort(),
    traits: Object.fromEntries(Object.entries(traitsOf(state)).sort(([a], [b]) => (a < b ? -1 : 1))),
    tally: { ...total, lines: Object.fromEntries(total.lines) },
    stage: stageOf(scoring.model, inPoints(total.score)),
    ...paceOf(did, new Date(time)),
  };
};

const arriving = activities(12).chain((all) =>
  fc.record({ all: fc.constant(all), batches: arrivals(all).chain((some) => cut(some)) }),
);

describe('What is known about a time', () => {
  it('is all that is known when nothing occurred later', () => {
    fc.assert(
      fc.property(arriving, models, ({ batches }, model) => {
        const last = noon.toISOString();
        const lived = grown(batches, model);
        expect(told(known(lived, last), model, last)).toEqual(told(lived.state, model, last));
      }),
      { numRuns: 200 },
    );
  });

  it('is the same in whatever order and batches it arrived, and as if nothing had occurred since', () => {
    fc.assert(
      fc.property(arriving, models, occurredAt, ({ all, batches }, model, time) => {
        if (batches.length === 0) return;
        const [late, inOne] = [grown(batches, model), grown([all], model)];
        const until = grown([all.filter((each) => each.occurredAt <= time)], model);
        const then = told(known(late, time), model, time);
        expect(then).toEqual(told(known(inOne, time), model, time));
        // Who did nothing until then is still who it is.
        expect(then).toEqual({ ...told(until.state, model, time), identifiers: then.identifiers });
      }),
      { numRuns: 200 },
    );
  });

  it('is the same when it was done as two people who turned out to be one', () => {
    fc.assert(
      fc.property(activities(12), fc.nat(12), models, occurredAt, (all, at, model, time) => {
        const one = grown([all], model);
        const two = absorbed(grown([all.slice(0, at)], model), grown([all.slice(at)], model, 1), model);
        const then = told(known(two, time), model, time);
        expect(then).toEqual({ ...told(known(one, time), model, time), identifiers: then.identifiers });
      }),
      { numRuns: 200 },
    );
  });
});
