import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { qualifiedTerm, sourceTerm } from '../../src/projections/lead-terms.ts';
import { leads } from '../../src/projections/leads.ts';
import type { LeadDocument } from '../../src/projections/leads.ts';
import {
  activityRecorded,
  approvalGiven,
  approvalRequested,
  idOf,
  leadAbsorbed,
  leadAccepted,
  leadAssigned,
  leadCaptured,
  leadClosed,
  leadDeclined,
  leadId,
  leadQualified,
  leadReopened,
  leadScored,
  leadUnassigned,
  projectId,
  responseDue,
  responseStepTaken,
  routingFailed,
  userId,
} from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
const key = { project: projectId, id: leadId };

/** The document of facts as they were recorded. */
const documentOf = (facts: readonly LeadEvent[]): LeadDocument | undefined => {
  let doc: LeadDocument | undefined;
  for (const [revision, fact] of facts.entries()) {
    const at = { id: `f${revision}`, stream: `lead-${projectId}.${leadId}`, revision, position: revision + 1 };
    doc = leads.evolve(doc, { ...fact, ...at, metadata, recordedAt: noon }, key);
  }
  return doc;
};

const decision = fc.integer({ min: 1, max: 4 });
const whose = fc.record({ decision, repId: fc.constantFrom('ada', 'bob', 'constructor') });
const outcome = fc.constantFrom('won' as const, 'lost' as const, 'disqualified' as const);
const status = fc.constantFrom('none' as const, 'pending' as const, 'assigned' as const, 'closed' as const);

/** Facts about who has a lead, whether or not they make sense after each other. */
const fact: fc.Arbitrary<LeadEvent> = fc.oneof(
  fc.boolean().map((quiet) => leadQualified({ quiet })),
  fc.record({ whose, teamId: fc.constantFrom('emea', 'us') }).map(({ whose: of, teamId }) => {
    return leadAssigned({ ...of, teamId });
  }),
  whose.map((of) => responseDue(of)),
  whose.map((of) => responseStepTaken({ ...of, action: 'work-item', workId: 'w1' })),
  whose.map((of) => leadAccepted(of)),
  whose.map((of) => leadDeclined(of)),
  whose.map((of) => leadUnassigned(of)),
  outcome.map((each) => leadClosed({ outcome: each })),
  status.map((each) => leadAbsorbed({ from: idOf(userId()), routing: { status: each, workIds: [] } })),
  fc.constantFrom<LeadEvent>(routingFailed(), approvalRequested(), approvalGiven(), leadReopened()),
);

describe('The document of a lead', () => {
  it('says whose the lead is as its stream does, whatever the facts', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 20, size: 'max' }), (facts) => {
        const all = [leadCaptured(), ...facts];
        const { ownership } = all.reduce(lead.evolve, lead.initial);
        const assigned = ownership.status === 'assigned';
        expect(documentOf(all)).toMatchObject({ routing: ownership.status, decision: ownership.decision });
        expect(documentOf(all)?.assignee).toBe(assigned ? ownership.repId : undefined);
        expect(documentOf(all)?.team).toBe(assigned ? ownership.teamId : undefined);
        expect(documentOf(all)?.outcome).toBe(ownership.status === 'closed' ? ownership.outcome : undefined);
      }),
      { numRuns: 1_000 },
    );
  });

  it('names the rep and the team as long as they have it', () => {
    const assigned = [leadCaptured(), leadQualified(), leadAssigned({ decision: 7 })];
    expect(documentOf(assigned)).toMatchObject({ assignee: 'ada', team: 'sales', routing: 'assigned', decision: 7 });
    const closed = documentOf([...assigned, leadClosed({ outcome: 'lost' })]);
    expect(closed).toMatchObject({ routing: 'closed', outcome: 'lost' });
    expect(closed).not.toHaveProperty('assignee');
    expect(documentOf([...assigned, leadClosed(), leadReopened()])).not.toHaveProperty('outcome');
  });

  it('is not changed by a decision that is older than the last', () => {
    const assigned = [leadCaptured(), leadQualified(), leadAssigned({ decision: 7 })];
    const late = documentOf([...assigned, leadAssigned({ decision: 6, repId: 'bob' }), leadDeclined({ decision: 6 })]);
    expect(late).toMatchObject({ assignee: 'ada', routing: 'assigned', decision: 7 });
  });

  it('knows by which ways its activities came, and what it said last about hearing from us, in any order', () => {
    const told = (eventType: string, hour: number, source: string) =>
      activityRecorded({
        eventId: `${eventType}-${hour}`,
        eventType,
        occurredAt: `2026-03-01T0${hour}:00:00.000Z`,
        source,
      });
    const facts = [told('unsubscribe', 3, 'segment'), told('resubscribe', 2, 'api'), told('page_view', 4, 'segment')];
    for (const order of [facts, facts.toReversed()]) {
      const doc = documentOf([leadCaptured(), ...order, ...order]);
      expect(doc?.consent).toEqual({ given: false, at: '2026-03-01T03:00:00.000Z', by: 'unsubscribe-3' });
      expect(doc?.sources.toSorted()).toEqual(['api', 'segment']);
      expect(doc?.terms).toContain(sourceTerm('segment'));
    }
    const again = documentOf([leadCaptured(), ...facts, told('subscribed', 5, 'api')]);
    expect(again?.consent?.given).toBe(true);
    expect(documentOf([leadCaptured(), told('page_view', 1, 'api')])).not.toHaveProperty('consent');
  });

  it('is found by what its score comes to, as long as it does', () => {
    const scored = (qualified: boolean) => leadScored({ qualified });
    const terms = (...facts: readonly LeadEvent[]) => documentOf([leadCaptured(), ...facts])?.terms;
    expect(terms(scored(true))).toContain(qualifiedTerm(true));
    expect(terms(scored(true), scored(false))).not.toContain(qualifiedTerm(true));
    expect(terms(scored(true), scored(false))).toContain(qualifiedTerm(false));
  });
});
