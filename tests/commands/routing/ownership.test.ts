import { describe, expect, it } from 'vitest';
import { acceptLead } from '../../../src/commands/routing/accept-lead.ts';
import { approveLead } from '../../../src/commands/routing/approve-lead.ts';
import { assignLead } from '../../../src/commands/routing/assign-lead.ts';
import { closeLead } from '../../../src/commands/routing/close-lead.ts';
import { declineLead } from '../../../src/commands/routing/decline-lead.ts';
import { failRouting } from '../../../src/commands/routing/fail-routing.ts';
import { reopenLead } from '../../../src/commands/routing/reopen-lead.ts';
import { requestApproval } from '../../../src/commands/routing/request-approval.ts';
import { unassignLead } from '../../../src/commands/routing/unassign-lead.ts';
import { withdrawLead } from '../../../src/commands/routing/withdraw-lead.ts';
import * as facts from '../../support/facts.ts';
import { given } from '../../support/given.ts';

const { projectId, leadId, at, leadCaptured, leadMerged, leadQualified, leadAssigned, responseDue } = facts;
const { leadAccepted, leadDeclined, leadUnassigned, leadClosed, leadReopened, routingFailed } = facts;
const { approvalRequested, approvalGiven } = facts;
const of = { projectId, leadId };
const qualified = [leadCaptured(), leadQualified()] as const;
const assigned = [...qualified, leadAssigned()] as const;
const teamId = 'sales';

describe('AssignLead', () => {
  const { assignedAt, settles: _, ...assignment } = leadAssigned().data;
  const { decision: __, repId: ___, teamId: ____, ...plan } = responseDue().data;
  const assign = { ...of, assignment, assignedAt };

  it('tells a lead whose it is', () =>
    given(...qualified)
      .when(assignLead, assign)
      .then(leadAssigned({ waitedMs: 0 })));
  it('says when the reply is due, where that is planned', () =>
    given(...qualified)
      .when(assignLead, { ...assign, plan })
      .then(leadAssigned({ waitedMs: 0 }), responseDue()));
  it('names the work items that this ends', () =>
    given(...qualified, routingFailed())
      .when(assignLead, assign)
      .then(leadAssigned({ settles: [facts.workId], waitedMs: 0 })));
  it('says for how long it had needed somebody', () => {
    const late = '2026-03-10T12:00:02.500Z';
    given(...qualified)
      .when(assignLead, { ...assign, assignedAt: late })
      .then(leadAssigned({ assignedAt: late, waitedMs: 2_500 }));
    given(...assigned)
      .when(assignLead, { ...assign, assignedAt: late, assignment: { ...assignment, decision: 2 } })
      .then(leadAssigned({ decision: 2, assignedAt: late }));
  });
  it('says nothing twice, and nothing of an older decision', () => {
    given(...assigned)
      .when(assignLead, assign)
      .then();
    given(...qualified, leadAssigned({ decision: 2, repId: 'ben' }))
      .when(assignLead, assign)
      .then();
  });
  it('says nothing of the decision that was declined already', () =>
    given(...assigned, leadDeclined())
      .when(assignLead, assign)
      .then());
  it('says nothing to a closed lead', () =>
    given(...qualified, leadClosed())
      .when(assignLead, assign)
      .then());
  it('is refused by a merged lead', () =>
    given(...qualified, leadMerged())
      .when(assignLead, assign)
      .rejects('lead-merged'));
});

describe('AcceptLead', () => {
  it('says how long it took', () => {
    const now = new Date('2026-03-10T12:07:00.000Z');
    given(...assigned)
      .when(acceptLead, { ...of, repId: 'ada' }, { now })
      .then(leadAccepted({ teamId, tookMs: 420_000, acceptedAt: now.toISOString() }));
  });
  it('needs no name', () =>
    given(...assigned)
      .when(acceptLead, of)
      .then(leadAccepted({ teamId })));
  it('changes nothing again', () =>
    given(...assigned, leadAccepted())
      .when(acceptLead, of)
      .then());
  it('is for who has the lead', () =>
    given(...assigned)
      .when(acceptLead, { ...of, repId: 'ben' })
      .rejects('lead-of-another'));
  it('needs a lead that somebody has', () => {
    given(...qualified)
      .when(acceptLead, of)
      .rejects('lead-unassigned');
    given(...assigned, leadDeclined())
      .when(acceptLead, of)
      .rejects('lead-unassigned');
    given(...assigned, leadClosed())
      .when(acceptLead, of)
      .rejects('lead-unassigned');
  });
  it('ends the work items of a missed reply', () => {
    const missed = facts.responseStepTaken({ action: 'work-item', workId: 'w1' });
    given(...assigned, responseDue(), missed)
      .when(acceptLead, of)
      .then(leadAccepted({ teamId, settles: ['w1'] }));
  });
});

describe('DeclineLead and UnassignLead', () => {
  const no = { ...of, reason: 'No time' };
  it('end the assignment', () => {
    given(...assigned)
      .when(declineLead, no)
      .then(leadDeclined({ teamId }));
    given(...assigned)
      .when(unassignLead, no)
      .facts()
      .forEach((fact) => expect(fact).toMatchObject(leadUnassigned({ reason: 'No time' })));
  });
  it('also after it was accepted', () =>
    given(...assigned, leadAccepted())
      .when(declineLead, no)
      .then(leadDeclined({ teamId })));
  it('are for who has the lead', () =>
    given(...assigned)
      .when(declineLead, { ...no, repId: 'ben' })
      .rejects('lead-of-another'));
  it('need a lead that somebody has', () => {
    given(...qualified)
      .when(declineLead, no)
      .rejects('lead-unassigned');
    given(...assigned, leadUnassigned())
      .when(unassignLead, no)
      .rejects('lead-unassigned');
  });
});

describe('FailRouting', () => {
  const { data } = routingFailed();
  it('has a lead wait with its work item', () =>
    given(...qualified)
      .when(failRouting, { ...of, ...data })
      .then(routingFailed()));
  it('says nothing twice', () =>
    given(...qualified, routingFailed())
      .when(failRouting, { ...of, ...data })
      .then());
  it('says nothing to a lead that somebody has, that is closed, or that never qualified', () => {
    given(...assigned)
      .when(failRouting, { ...of, ...data })
      .then();
    given(...qualified, leadClosed())
      .when(failRouting, { ...of, ...data })
      .then();
    given(leadCaptured())
      .when(failRouting, { ...of, ...data })
      .then();
  });
  it('is refused by a merged lead', () =>
    given(...qualified, leadMerged())
      .when(failRouting, { ...of, ...data })
      .rejects('lead-merged'));
});

describe('Approval', () => {
  const { requestedAt: _, ...asked } = approvalRequested().data;
  const approve = { ...of, workId: asked.workId, by: 'grace' };
  it('is asked once', () => {
    given(...qualified)
      .when(requestApproval, { ...of, ...asked })
      .then(approvalRequested());
    given(...qualified, approvalRequested())
      .when(requestApproval, { ...of, ...asked })
      .then();
  });
  it('is not asked for a lead that somebody has', () =>
    given(...assigned)
      .when(requestApproval, { ...of, ...asked })
      .then());
  it('is asked of a lead that waits', () =>
    given(...qualified, routingFailed())
      .when(requestApproval, { ...of, ...asked })
      .then(approvalRequested()));
  it('is refused by a merged lead', () =>
    given(...qualified, leadMerged())
      .when(requestApproval, { ...of, ...asked })
      .rejects('lead-merged'));
  it('lets the lead go on, once', () => {
    given(...qualified, approvalRequested())
      .when(approveLead, approve)
      .then(approvalGiven());
    given(...qualified, approvalRequested(), approvalGiven())
      .when(approveLead, approve)
      .then();
  });
  it('changes nothing by another work item, or when nothing was asked', () => {
    given(...qualified, approvalRequested())
      .when(approveLead, { ...approve, workId: 'w9' })
      .then();
    given(...assigned)
      .when(approveLead, approve)
      .then();
  });
});

describe('CloseLead', () => {
  const won = { ...of, outcome: 'won' as const, reason: 'Signed' };
  it('says what became of the lead, and whose it was', () =>
    given(...assigned)
      .when(closeLead, { ...won, value: 900 })
      .then(leadClosed({ repId: 'ada', teamId, value: 900 })));
  it('names nobody when nobody had it', () =>
    given(...qualified)
      .when(closeLead, won)
      .then(leadClosed()));
  it('ends the work items', () =>
    given(...qualified, routingFailed())
      .when(closeLead, won)
      .then(leadClosed({ settles: [facts.workId] })));
  it('changes nothing again, and is refused with another outcome', () => {
    given(...assigned, leadClosed())
      .when(closeLead, won)
      .then();
    given(...assigned, leadClosed())
      .when(closeLead, { ...won, outcome: 'lost' })
      .rejects('lead-closed');
  });
  it('needs a lead', () => {
    given().when(closeLead, won).rejects('lead-unknown');
    given(...qualified, leadMerged())
      .when(closeLead, won)
      .rejects('lead-merged');
  });
});

describe('ReopenLead', () => {
  const reopen = { ...of, reason: 'They called' };
  it('has a closed lead worked on again', () =>
    given(...assigned, leadClosed())
      .when(reopenLead, reopen)
      .then(leadReopened({ reopenedAt: at })));
  it('needs a closed lead', () => {
    given(...assigned)
      .when(reopenLead, reopen)
      .rejects('lead-open');
    given(...assigned, leadClosed(), leadReopened())
      .when(reopenLead, reopen)
      .rejects('lead-open');
  });
});

describe('WithdrawLead', () => {
  const withdraw = { ...of, decision: 1, reason: 'Freed' };
  it('takes a lead from who has no place for it any more', () =>
    given(...assigned)
      .when(withdrawLead, withdraw)
      .then(leadUnassigned({ reason: 'Freed' })));
  it('changes nothing when the lead has heard of another decision, was declined or closed', () => {
    given(...assigned, leadAssigned({ decision: 2, repId: 'ben' }))
      .when(withdrawLead, withdraw)
      .then();
    given(...assigned, leadDeclined())
      .when(withdrawLead, withdraw)
      .then();
    given(...assigned, leadClosed())
      .when(withdrawLead, withdraw)
      .then();
    given(...assigned, leadMerged())
      .when(withdrawLead, withdraw)
      .then();
  });
});
