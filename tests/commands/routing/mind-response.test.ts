import { describe, expect, it } from 'vitest';
import { acceptLead } from '../../../src/commands/routing/accept-lead.ts';
import { assignLead } from '../../../src/commands/routing/assign-lead.ts';
import { closeLead } from '../../../src/commands/routing/close-lead.ts';
import { declineLead } from '../../../src/commands/routing/decline-lead.ts';
import { mindResponse } from '../../../src/commands/routing/mind-response.ts';
import { unassignLead } from '../../../src/commands/routing/unassign-lead.ts';
import * as fact from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const { leadId, projectId } = fact;
const time = (clock: string): string => `2026-03-10T${clock}:00.000Z`;
const now = (clock: string) => ({ now: new Date(time(clock)) });

const steps = [
  { at: time('12:30'), action: 'notify' as const },
  { at: time('12:45'), action: 're-route' as const },
  { at: time('13:00'), action: 'escalate' as const },
  { at: time('13:10'), action: 'work-item' as const },
];
const assigned = [fact.leadCaptured(), fact.leadQualified(), fact.leadAssigned(), fact.responseDue({ steps })] as const;
const input = { projectId, leadId, decision: 1, taken: 0 };
const step = (index: number) => {
  const { at = '', action = 'notify' } = steps[index] ?? {};
  const work = action === 'notify' ? {} : { workId: `${leadId}.1.reply` };
  return fact.responseStepTaken({ step: index, at, action, ...work });
};
const missed = [fact.responseAtRisk(), fact.responseOverdue()] as const;

describe('a reply that is waited for', () => {
  it('is left alone until something is due', () => {
    given(...assigned)
      .when(mindResponse, input, now('12:23'))
      .then();
  });

  it('is at risk from the planned time, and late from the moment when it was due', () => {
    given(...assigned)
      .when(mindResponse, input, now('12:24'))
      .then(fact.responseAtRisk());
    const at = { now: new Date('2026-03-10T12:29:59.999Z') };
    given(...assigned, fact.responseAtRisk())
      .when(mindResponse, input, at)
      .then();
    given(...assigned, fact.responseAtRisk())
      .when(mindResponse, input, now('12:30'))
      .then(fact.responseOverdue(), step(0));
  });

  it('gets all that fell due while nobody looked, with the planned times, up to the step that looks for another', () => {
    given(...assigned)
      .when(mindResponse, input, { now: new Date('2026-03-20T00:00:00.000Z') })
      .then(...missed, step(0), step(1));
  });

  it('goes on after nobody else was found', () => {
    given(...assigned, ...missed, step(0), step(1))
      .when(mindResponse, { ...input, taken: 2 }, now('14:00'))
      .then(step(2), step(3));
  });

  it('is one work item, which an earlier step has named', () => {
    const before = fact.responseStepTaken({ step: 1, at: time('12:45'), action: 're-route', workId: `${leadId}.1.1` });
    const after = given(...assigned, ...missed, step(0), before)
      .when(mindResponse, { ...input, taken: 2 }, now('14:00'))
      .facts();
    expect(after).toMatchObject([{ data: { workId: `${leadId}.1.1` } }, { data: { workId: `${leadId}.1.1` } }]);
  });

  it('gets nothing twice', () => {
    given(...assigned, ...missed, step(0))
      .when(mindResponse, { ...input, taken: 1 }, now('12:44'))
      .then();
    given(...assigned, ...missed, step(0), step(1), step(2), step(3))
      .when(mindResponse, { ...input, taken: 4 }, now('14:00'))
      .then();
  });

  it('gets nothing from who looked before another did: what came of the last step is not known to it', () => {
    given(...assigned, ...missed, step(0), step(1))
      .when(mindResponse, input, now('14:00'))
      .then();
  });

  it('is over when the lead was accepted, declined, taken away, closed or merged', () => {
    for (const end of [
      fact.leadAccepted(),
      fact.leadDeclined(),
      fact.leadUnassigned(),
      fact.leadClosed(),
      fact.leadMerged(),
    ] as const) {
      given(...assigned, end)
        .when(mindResponse, input, now('14:00'))
        .then();
    }
  });

  it('is that of the rep who has the lead now', () => {
    const next = [fact.leadAssigned({ decision: 2, repId: 'grace' })] as const;
    given(...assigned, ...next)
      .when(mindResponse, input, now('14:00'))
      .then();
    const due = fact.responseDue({ decision: 2, repId: 'grace', dueAt: time('14:30'), atRiskAt: time('14:00') });
    const { length } = given(...assigned, ...next, due)
      .when(mindResponse, { ...input, decision: 2 }, now('14:29'))
      .facts();
    expect(length).toBe(1);
  });

  it('is of no unknown lead', () => {
    given().when(mindResponse, input, now('14:00')).then();
  });
});

describe('what ends the wait for a reply', () => {
  const of = { projectId, leadId };

  it('says that it was late, also when nobody noticed in time', () => {
    const noted = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type);
    const late = now('12:30');
    const end = { ...of, reason: '' };
    const after = given(...assigned);
    expect([
      noted(after.when(acceptLead, of, late).facts()),
      noted(after.when(declineLead, end, late).facts()),
      noted(after.when(unassignLead, end, late).facts()),
      noted(after.when(closeLead, { ...end, outcome: 'lost' }, late).facts()),
    ]).toEqual(
      ['LeadAccepted', 'LeadDeclined', 'LeadUnassigned', 'LeadClosed'].map((type) => [
        'ResponseAtRisk',
        'ResponseOverdue',
        type,
      ]),
    );
  });

  it('does not say so a moment before', () => {
    const acceptedAt = '2026-03-10T12:29:59.999Z';
    given(...assigned, fact.responseAtRisk())
      .when(acceptLead, of, { now: new Date(acceptedAt) })
      .then(fact.leadAccepted({ acceptedAt, tookMs: 1_799_999, teamId: 'sales' }));
  });

  it('says so of the rep before when another gets the lead, by the time when it got it', () => {
    const { data } = fact.leadAssigned({ decision: 2, repId: 'grace' });
    const { settles: _, assignedAt: __, ...assignment } = data;
    const again = { ...of, assignment, assignedAt: time('12:25') };
    given(...assigned)
      .when(assignLead, again, now('18:00'))
      .then(fact.responseAtRisk(), fact.leadAssigned({ ...data, assignedAt: time('12:25') }));
  });
});
