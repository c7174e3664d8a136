import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import type { Ownership } from '../../src/domain/routing/ownership.ts';
import { nobodysLead, withOwnership } from '../../src/domain/routing/ownership.ts';
import * as facts from '../support/facts.ts';

const after = (...events: readonly LeadEvent[]): Ownership => events.reduce(withOwnership, nobodysLead);

const { leadQualified, leadAssigned, leadDeclined, leadUnassigned, leadClosed, leadReopened, workId } = facts;
const { routingFailed, approvalRequested, approvalGiven, leadAccepted, responseDue, leadAbsorbed } = facts;
const approvalId = approvalRequested().data.workId;
const theirs = (status: Ownership['status']) => leadAbsorbed({ routing: { status, workIds: [] } });

describe('Whose a lead is', () => {
  it.each<[string, readonly LeadEvent[], Partial<Ownership>]>([
    ['nobody’s before it qualified', [], { status: 'none' }],
    ['nobody’s when it qualified quietly', [leadQualified({ quiet: true })], { status: 'none' }],
    ['to be decided when it qualified', [leadQualified()], { status: 'pending', round: 1 }],
    ['decided once when it qualified twice', [leadQualified(), leadQualified({ count: 2 })], { round: 1 }],
    ['a rep’s who got it', [leadQualified(), leadAssigned()], { status: 'assigned', repId: 'ada', decision: 1 }],
    ['a rep’s to whom it was given by hand before it qualified', [leadAssigned()], { status: 'assigned' }],
    [
      'a rep’s when it qualifies again',
      [leadQualified(), leadAssigned(), leadQualified({ count: 2 })],
      { status: 'assigned', repId: 'ada' },
    ],
    ['waiting when nobody fits', [leadQualified(), routingFailed()], { status: 'waiting', workIds: [workId] }],
    ['a rep’s after waiting', [leadQualified(), routingFailed(), leadAssigned()], { status: 'assigned', workIds: [] }],
    [
      'waiting for approval when that is asked',
      [leadQualified(), approvalRequested()],
      { status: 'approval', workIds: [approvalId] },
    ],
    [
      'to be decided when it was approved',
      [leadQualified(), approvalRequested(), approvalGiven()],
      { status: 'pending', approved: true, workIds: [], round: 2 },
    ],
    [
      'to be decided when it was declined',
      [leadQualified(), leadAssigned(), leadDeclined()],
      { status: 'pending', excluded: nobodysLead.excluded.add('ada'), round: 2 },
    ],
    [
      'to be decided when it was taken away',
      [leadQualified(), leadAssigned(), leadUnassigned()],
      { status: 'pending', excluded: nobodysLead.excluded.add('ada') },
    ],
    [
      'to be decided among all when it was taken away from somebody who may have it again',
      [leadQualified(), leadAssigned(), leadUnassigned({ excludes: false })],
      { status: 'pending', excluded: nobodysLead.excluded },
    ],
    [
      'to be decided without who is not to have it again',
      [leadQualified(), leadAssigned(), leadUnassigned({ excludes: true })],
      { status: 'pending', excluded: nobodysLead.excluded.add('ada') },
    ],
    [
      'closed with what became of it',
      [leadQualified(), leadAssigned(), leadClosed({ outcome: 'lost' })],
      { status: 'closed', outcome: 'lost', repId: 'ada' },
    ],
    [
      'to be decided anew, by nobody excluded, when it was reopened',
      [leadQualified(), leadAssigned(), leadDeclined(), leadClosed(), leadReopened()],
      { status: 'pending', excluded: nobodysLead.excluded, outcome: undefined, approved: false },
    ],
    [
      'to be decided when it comes back by itself after it was lost',
      [leadQualified(), leadClosed({ outcome: 'lost' }), leadQualified({ count: 2 })],
      { status: 'pending' },
    ],
    [
      'closed when it comes back but was no lead at all',
      [leadQualified(), leadClosed({ outcome: 'disqualified' }), leadQualified({ count: 2 })],
      { status: 'closed', outcome: 'disqualified' },
    ],
    ['to be decided when it absorbed one that somebody has', [theirs('assigned')], { status: 'pending' }],
    ['to be decided when it absorbed one that waits', [theirs('waiting')], { status: 'pending' }],
    ['nobody’s when it absorbed one that was closed', [theirs('closed')], { status: 'none' }],
    [
      'with whom it was when it absorbed one that somebody else has',
      [leadAssigned(), theirs('assigned')],
      { status: 'assigned', repId: 'ada' },
    ],
  ])('is %s', (_, events, expected) => {
    expect(after(...events)).toMatchObject(expected);
  });

  it('never changes by an older decision, or by what is said about one', () => {
    const now = after(leadQualified(), leadAssigned({ decision: 5, repId: 'ben' }));
    const late: readonly LeadEvent[] = [
      ...[leadAssigned({ decision: 4 }), leadAssigned({ decision: 5 }), leadDeclined({ decision: 4 })],
      ...[leadUnassigned({ decision: 4 }), leadAccepted({ decision: 4 }), responseDue({ decision: 4 })],
    ];
    for (const event of late) expect(withOwnership(now, event)).toBe(now);
  });

  it('is with whom it was when a decision that was heard of before is heard of after a decline', () => {
    const declined = after(leadQualified(), leadAssigned(), leadDeclined());
    expect(withOwnership(declined, leadAssigned())).toBe(declined);
  });

  it('is not asked of who lost it for want of a reply', () => {
    const again = after(leadQualified(), leadAssigned(), leadAssigned({ decision: 2, repId: 'ben' }));
    expect([...again.excluded]).toEqual(['ada']);
  });

  it('is known by the greatest decision, whatever comes in whatever order', () => {
    const decision = fc.integer({ min: 1, max: 9 });
    const assigned = fc.record({ decision, repId: fc.constantFrom('ada', 'ben') }).map(leadAssigned);
    const declined = fc.record({ decision, repId: fc.constantFrom('ada', 'ben') }).map(leadDeclined);
    const others = fc.constantFrom<LeadEvent>(leadQualified(), leadReopened(), leadClosed(), leadAccepted());
    fc.assert(
      fc.property(fc.array(fc.oneof(assigned, declined, others), { maxLength: 20 }), (events) => {
        const heard = events.flatMap((each) => (each.type === 'LeadAssigned' ? [each.data.decision] : []));
        const end = after(...events);
        expect(end.decision).toBe(Math.max(0, ...heard));
        if (end.status === 'assigned') expect(end.repId).toBeDefined();
      }),
    );
  });
});

describe('The plan for a reply', () => {
  const planned = [leadQualified(), leadAssigned(), responseDue()];
  const step = facts.responseStepTaken({ step: 0, action: 'work-item', workId: 'w1' });

  it('is in force from the assignment on, and knows how far it is', () => {
    expect(after(...planned).plan).toMatchObject({ atRisk: false, overdue: false, taken: 0 });
    expect(after(...planned, facts.responseAtRisk()).plan).toMatchObject({ atRisk: true, overdue: false });
    const over = after(...planned, facts.responseAtRisk(), facts.responseOverdue(), step);
    expect(over).toMatchObject({ plan: { overdue: true, taken: 1 }, workIds: ['w1'] });
  });

  it.each<[string, LeadEvent]>([
    ['the rep accepts', leadAccepted()],
    ['the rep declines', leadDeclined()],
    ['the lead is taken away', leadUnassigned()],
    ['the lead is closed', leadClosed()],
    ['another has the lead', leadAssigned({ decision: 2, repId: 'ben' })],
  ])('ends when %s', (_, event) => {
    expect(after(...planned, event).plan).toBeUndefined();
  });

  it('hears nothing of what was due by another decision', () => {
    const now = after(...planned);
    const others: readonly LeadEvent[] = [
      ...[facts.responseAtRisk({ decision: 7 }), facts.responseOverdue({ decision: 7 })],
      facts.responseStepTaken({ decision: 7 }),
    ];
    for (const event of others) expect(withOwnership(now, event)).toEqual(now);
  });
});
