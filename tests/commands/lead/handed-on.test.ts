import fc from 'fast-check';
import { expect, it } from 'vitest';
import { absorbLead } from '../../../src/commands/lead/absorb-lead.ts';
import { addIdentifier } from '../../../src/commands/lead/add-identifier.ts';
import { recordActivities } from '../../../src/commands/lead/record-activities.ts';
import type { Command } from '../../../src/engine/command.ts';
import type { LeadEvent } from '../../../src/domain/lead/lead-events.ts';
import type { LeadState } from '../../../src/domain/lead/lead.ts';
import { lead } from '../../../src/domain/lead/lead.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import { allTypes, factOf } from '../../support/any-facts.ts';
import { activities, models } from '../../support/arbitraries.ts';
import { anonymousId, email, idOf, leadCaptured, projectId, userId } from '../../support/facts.ts';
import { leadEvents } from '../../../src/domain/lead/lead-events.ts';
import { noon } from '../../support/noon.ts';

const isOfLead = (fact: { readonly type: string }): fact is LeadEvent => fact.type in leadEvents;

/** The facts of a lead whose stream may have had anything. */
const facts = fc
  .array(factOf(allTypes.filter((type) => type in leadEvents)), { maxLength: 20 })
  .map((some): readonly LeadEvent[] => [leadCaptured(), ...some.filter(isOfLead)]);
const identifiers = fc.array(fc.constantFrom(anonymousId(), email(), userId(), userId('u2')), { maxLength: 3 });
const known = activities(6).map((all) => [...all]);
const leadId = idOf(email());

/** What a command says that its facts come to, beside what they do; neither when it is rejected. */
const comparing = <I>({ decideAndFold }: Command<I, LeadState, LeadEvent>, before: LeadState, input: I) => {
  try {
    const decided = decideAndFold?.(before, input, { now: noon });
    expect(decided?.state).toEqual(decided?.facts.reduce(lead.evolve, before));
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
  }
};

it('What a command hands on is what its facts come to, whatever there was before', () => {
  fc.assert(
    fc.property(facts, identifiers, known, models, fc.boolean(), (before, some, fresh, scoring, last) => {
      const state = before.reduce(lead.evolve, lead.initial);
      const about = { projectId, leadId, identifiers: some, activities: fresh, scoring };
      comparing(recordActivities, state, { ...about, refused: [] });
      comparing(recordActivities, lead.initial, { ...about, refused: [], capture: email() });
      const brought = { qualifications: { above: true, count: 1 }, last, from: idOf(userId()) };
      comparing(absorbLead, state, { ...about, ...brought });
      for (const identifier of some) comparing(addIdentifier, state, { projectId, leadId, identifier });
    }),
    { numRuns: 300 },
  );
});
