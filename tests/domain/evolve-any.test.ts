import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import { eventSchemas } from '../../src/domain/events.ts';
import { job } from '../../src/domain/jobs/job.ts';
import { lead, rootOf } from '../../src/domain/lead/lead.ts';
import { scorable, traitsOf } from '../../src/domain/lead/scorable.ts';
import { pool } from '../../src/domain/routing/pool.ts';
import { project } from '../../src/domain/projects/project.ts';
import { roster } from '../../src/domain/routing/roster.ts';
import { tally } from '../../src/domain/scoring/scoring.ts';
import { workItem } from '../../src/domain/work/work-item.ts';
import { anyFact, anyFacts } from '../support/any-facts.ts';
import { models } from '../support/arbitraries.ts';
import {
  idOf,
  jobCompleted,
  jobProgressed,
  jobRequested,
  keyIssued,
  keyRevoked,
  leadAbsorbed,
  leadCaptured,
  leadMerged,
  leadQualified,
  leadScored,
  projectCreated,
  scoringModelPublished,
  stageChanged,
  standard,
  userId,
  workItemClaimed,
  workItemOpened,
} from '../support/facts.ts';

/** Folds facts of any aggregate, as if they all had been in one stream. */
const fold = <S>(
  { initial, evolve }: { initial: S; evolve: (state: S, event: never) => S },
  facts: readonly LeadfoldEvent[],
): S => facts.reduce((state, fact) => evolve(state, fact as never), initial);

describe('Any facts in any order', () => {
  it('fit their schemas, as far as these tests make them up', () => {
    fc.assert(
      fc.property(anyFact, (fact) => {
        expect(eventSchemas[fact.type].safeParse(fact.data).error).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('make up a lead, a project, a job or a work item, and never throw', () => {
    fc.assert(
      fc.property(anyFacts, models, (facts, model) => {
        const state = fold(lead, facts);
        expect(rootOf(state).leadId).toBe(state.leadId);
        expect(Number.isFinite(tally(model, scorable(state), 0).score)).toBe(true);
        expect(Object.values(traitsOf(state))).not.toContain(null);
        expect(fold(project, facts).scoring.version).toBeGreaterThan(0);
        expect(state.ownership.workIds.length).toBe(new Set(state.ownership.workIds).size);
        const places = fold(pool, facts);
        const open = [...places.open.values()].reduce((sum, count) => sum + count, 0);
        expect(open).toBe(places.places.size);
        expect(fold(roster, facts).routing.version).toBeGreaterThanOrEqual(0);
        expect(['unknown', 'requested', 'running', 'completed', 'failed', 'cancelled']).toContain(
          fold(job, facts).status,
        );
        expect(['unknown', 'open', 'claimed', 'completed', 'cancelled']).toContain(fold(workItem, facts).status);
      }),
      { numRuns: 500 },
    );
  });

  it('of another aggregate, or of a type nobody knows, change nothing', () => {
    const unheard = { type: 'Unheard', data: {} } as never;
    const [ofLead, ofProject, ofJob, ofWork] = [
      [leadCaptured(), leadAbsorbed(), leadScored(), stageChanged(), leadQualified(), leadMerged()],
      [projectCreated(), keyIssued(), keyRevoked(), scoringModelPublished()],
      [jobRequested(), jobProgressed(), jobCompleted()],
      [workItemOpened(), workItemClaimed()],
    ];
    expect(fold(lead, [...ofProject, ...ofJob, ...ofWork, unheard])).toBe(lead.initial);
    expect(fold(project, [...ofLead, ...ofJob, unheard])).toBe(project.initial);
    expect(fold(job, [...ofLead, ...ofProject, unheard])).toBe(job.initial);
    const others = [...ofLead, ...ofProject, ...ofJob, unheard];
    expect(fold(roster, others)).toBe(roster.initial);
    expect(fold(pool, others)).toBe(pool.initial);
    expect(fold(workItem, others)).toBe(workItem.initial);
  });

  it('once merged, a lead stays merged into the lead it was merged into first', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const state = fold(lead, [leadMerged(), ...facts]);
        expect({ status: state.status, into: state.into }).toEqual({ status: 'merged', into: idOf(userId()) });
      }),
      { numRuns: 200 },
    );
  });

  it('leave a project with its last model, and only the keys that were not taken back', () => {
    const facts = [projectCreated(), keyIssued(), keyIssued({ keyId: 'k2' }), keyRevoked(), scoringModelPublished()];
    const state = fold(project, facts);
    expect([...state.keys.keys()]).toEqual(['k2']);
    expect(state.scoring).toMatchObject({ ...standard, version: 2 });
  });
});
