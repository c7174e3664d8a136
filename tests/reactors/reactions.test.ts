import { describe, expect, it } from 'vitest';
import { requestJob } from '../../src/commands/jobs/request-job.ts';
import { approveLead } from '../../src/commands/routing/approve-lead.ts';
import { closeLead } from '../../src/commands/routing/close-lead.ts';
import { freePlace } from '../../src/commands/routing/free-place.ts';
import { flowIntent, intent } from '../../src/flows/intent.ts';
import { completeMerge } from '../../src/flows/merge.ts';
import { reRouteUnanswered, seeToUnanswered } from '../../src/flows/missed-replies.ts';
import {
  confirmPlace,
  endWork,
  freeClosed,
  takeOverPlace,
  tellFreed,
  tellHeld,
  tellPlaced,
} from '../../src/flows/placements.ts';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import type { PoolEvent } from '../../src/domain/routing/pool.ts';
import { retryAllWaiting, routeLead } from '../../src/flows/route-lead.ts';
import { completeMerges } from '../../src/reactors/complete-merges.ts';
import { completePlacements } from '../../src/reactors/complete-placements.ts';
import { followApprovals } from '../../src/reactors/follow-approvals.ts';
import { reactors } from '../../src/reactors/index.ts';
import { rescoreLeads } from '../../src/reactors/rescore-leads.ts';
import { retryDeadLetters } from '../../src/reactors/retry-dead-letters.ts';
import { retryWaitingLeads } from '../../src/reactors/retry-waiting.ts';
import { routeLeads } from '../../src/reactors/route-leads.ts';
import {
  approvalGiven,
  approvalRequested,
  email,
  idOf,
  leadAbsorbed,
  leadAccepted,
  leadAssigned,
  leadCaptured,
  leadClosed,
  leadDeclined,
  leadFreed,
  leadHeld,
  leadId,
  leadMerged,
  leadPlaced,
  leadQualified,
  leadReopened,
  leadUnassigned,
  profileUpdated,
  projectId,
  repChanged,
  responseStepTaken,
  routingFailed,
  routingRequested,
  scoringModelPublished,
  stageChanged,
  workId,
  workItemCompleted,
  workItemOpened,
  workParked,
  workDiscarded,
  workRetried,
} from '../support/facts.ts';
import { givenLog } from '../support/given-log.ts';

const leadStream = `lead-${projectId}.${leadId}`;
const poolStream = `pool-${projectId}`;
const of = { projectId, leadId };
const routing = flowIntent(routeLead, of);
const ending = (workIds: readonly string[], reason: string) => flowIntent(endWork, { projectId, workIds, reason });

describe('A merge', () => {
  it('is completed', async () => {
    const log = givenLog({ [leadStream]: [leadCaptured(), leadMerged()] });
    await log.when(completeMerges, leadStream).then(flowIntent(completeMerge, { projectId, from: leadId }));
    await log.when(completeMerges, leadStream, 0).then();
  });
});

describe('What the pool decided', () => {
  it('is told to the lead, unless it has heard of it, or of something later', async () => {
    const placed = leadPlaced({ decision: 2 });
    const told = flowIntent(tellPlaced, { projectId, ...placed.data });
    await givenLog({ [poolStream]: [placed] })
      .when(completePlacements, poolStream)
      .then(told);
    const heard = (decision: number) => [leadCaptured(), leadQualified(), leadAssigned({ decision })];
    await givenLog({ [poolStream]: [placed], [leadStream]: heard(1) })
      .when(completePlacements, poolStream)
      .then(told);
    await givenLog({ [poolStream]: [placed], [leadStream]: heard(2) })
      .when(completePlacements, poolStream)
      .then();
  });

  it('is told to a lead that nobody fits, unless it waits with that work item', async () => {
    const held = flowIntent(tellHeld, { projectId, ...leadHeld().data });
    await givenLog({ [poolStream]: [leadHeld()] })
      .when(completePlacements, poolStream)
      .then(held);
    const waits = [leadCaptured(), leadQualified(), routingFailed()];
    await givenLog({ [poolStream]: [leadHeld()], [leadStream]: waits })
      .when(completePlacements, poolStream)
      .then();
  });

  it('is told to a lead whose place was freed, and lets those that wait be tried again', async () => {
    const log = givenLog({ [poolStream]: [leadPlaced(), leadFreed()] });
    const { decision, reason } = leadFreed().data;
    await log.when(completePlacements, poolStream).then(flowIntent(tellFreed, { ...of, decision, reason }));
    await log.when(retryWaitingLeads, poolStream).then(flowIntent(retryAllWaiting, { projectId }));
    await log.when(retryWaitingLeads, poolStream, 0).then();
  });

  it('is told to a lead whose place was freed, unless it has heard of that, or of something later', async () => {
    const freed = [leadPlaced(), leadFreed()];
    const had = [leadCaptured(), leadQualified(), leadAssigned()];
    const { decision, reason } = leadFreed().data;
    const when = (...since: readonly LeadEvent[]) =>
      givenLog({ [poolStream]: freed, [leadStream]: [...had, ...since] }).when(completePlacements, poolStream);
    await when().then(flowIntent(tellFreed, { ...of, decision, reason }));
    await when(leadUnassigned()).then();
    await when(leadUnassigned(), leadAssigned({ decision: 2 })).then();
  });

  it('is told to nobody when a lead only waits no longer', async () => {
    const { decision: _, ...ended } = leadFreed().data;
    await givenLog({ [poolStream]: [leadHeld(), { type: 'LeadFreed', data: ended }] })
      .when(completePlacements, poolStream)
      .then();
  });
});

describe('Another roster', () => {
  it('lets the leads that wait be tried again', async () => {
    const stream = `roster-${projectId}`;
    await givenLog({ [stream]: [repChanged()] })
      .when(retryWaitingLeads, stream)
      .then(flowIntent(retryAllWaiting, { projectId }));
  });
});

describe('An approval', () => {
  const id = approvalRequested().data.workId;
  const stream = `work-${projectId}.${id}`;
  const asked = [leadCaptured(), leadQualified(), approvalRequested()];
  const opened = workItemOpened({ workId: id, kind: 'approval_required' });
  const decided = (resolution: 'done' | 'approved' | 'rejected', lead = asked) =>
    givenLog({ [leadStream]: lead, [stream]: [opened, workItemCompleted({ resolution, reason: 'Too large' })] }).when(
      followApprovals,
      stream,
    );

  it('lets the lead go on, or closes it', async () => {
    await decided('approved').then(intent(approveLead, { ...of, workId: id, by: 'grace' }));
    const reason = 'Not approved by grace: Too large';
    await decided('rejected').then(intent(closeLead, { ...of, outcome: 'disqualified', reason }));
  });

  it('of something else, or of a lead that waits for none, leads to nothing', async () => {
    await decided('done').then();
    await decided('approved', [leadCaptured(), leadQualified()]).then();
  });
});

describe('A scoring model', () => {
  it('has all leads scored again, by one job for each version', async () => {
    const stream = `project-${projectId}`;
    const published = scoringModelPublished();
    const { version } = published.data;
    await givenLog({ [stream]: [published] })
      .when(rescoreLeads, stream)
      .then(intent(requestJob, { projectId, jobId: `rescore-${version}`, kind: 'rescore', version }));
  });
});

describe('What was put aside', () => {
  const stream = `parked-${projectId}.complete-merges.e1`;

  it('is done again when somebody wants that, unless it was settled since', async () => {
    const { reactor, event } = workParked().data;
    const retry = { projectId, workId: 'complete-merges.e1', reactor, event };
    const log = givenLog({ [stream]: [workParked(), workRetried()] });
    await log.when(retryDeadLetters, stream).then({ retry });
    const discarded = givenLog({ [stream]: [workParked(), workRetried(), workDiscarded()] });
    await discarded.when(retryDeadLetters, stream, 1).then();
  });
});

describe('A lead', () => {
  const last = (...facts: Parameters<typeof givenLog>[0][string]) =>
    givenLog({ [leadStream]: [leadCaptured(), ...facts] }).when(routeLeads, leadStream);

  it('that qualified, is asked for, was reopened or approved is routed', async () => {
    for (const fact of [leadQualified(), routingRequested(), leadReopened(), approvalGiven()])
      await last(fact).then(routing);
    await last(leadQualified({ quiet: true })).then();
  });

  it('that somebody gave back frees its place, and is routed', async () => {
    const free = (reason: string) => intent(freePlace, { ...of, decision: 1, credit: true, reason });
    await last(leadAssigned(), leadDeclined()).then(free('declined'), routing);
    await last(leadAssigned(), leadUnassigned()).then(free('unassigned'), routing);
  });

  it('that was closed, assigned or accepted ends the work items that this settles', async () => {
    const settles = [workId];
    await last(leadClosed({ settles })).then(
      flowIntent(freeClosed, { ...of, workIds: settles, outcome: 'won' }),
      ending(settles, 'The lead is closed'),
    );
    await last(leadAssigned({ settles })).then(
      flowIntent(confirmPlace, { ...of, decision: 1 }),
      ending(settles, "The lead is ada's"),
    );
    await last(leadAccepted({ settles })).then(ending(settles, 'ada accepted the lead'));
  });

  it('that took over another has its place too, once all of it has come', async () => {
    const from = idOf(email());
    await last(leadAbsorbed({ last: false })).then();
    await last(leadAbsorbed()).then(
      flowIntent(takeOverPlace, { projectId, from, into: leadId }),
      ending([], `Lead ${from} was merged into ${leadId}`),
      routing,
    );
  });

  it('that nobody replied to is seen to, or another rep is looked for', async () => {
    for (const [action, flow] of [
      ['notify', seeToUnanswered],
      ['escalate', seeToUnanswered],
      ['re-route', reRouteUnanswered],
    ] as const) {
      const taken = responseStepTaken({ action });
      await last(taken).then(flowIntent(flow, { ...of, ...taken.data }));
    }
  });

  it('of which more is known is routed if it waits', async () => {
    for (const more of [profileUpdated(), stageChanged()]) {
      await last(leadQualified(), more).then();
      await givenLog({ [leadStream]: [leadCaptured(), leadQualified(), more], [poolStream]: [leadHeld()] })
        .when(routeLeads, leadStream)
        .then(routing);
    }
  });

  it('that has long got beyond what a fact wants is left as it is', async () => {
    const wanting = [leadQualified(), routingRequested(), leadReopened(), approvalGiven(), profileUpdated()];
    for (const fact of wanting)
      for (const since of [[leadAssigned()], [leadClosed()], [leadMerged()], [approvalRequested()]])
        await givenLog({ [leadStream]: [leadCaptured(), leadQualified(), fact, ...since], [poolStream]: [leadHeld()] })
          .when(routeLeads, leadStream, 2)
          .then();
  });

  it('that waits is left as it is when it has heard so, and would be asked for as it was when it was tried', async () => {
    // By no rules, and with nothing known of where it is and what it speaks.
    const alike = JSON.stringify([0, null, null, null, null, null, null]);
    const when = (held: ReturnType<typeof leadHeld>, ...facts: readonly LeadEvent[]) =>
      givenLog({ [leadStream]: [leadCaptured(), leadQualified(), ...facts], [poolStream]: [held] });
    await when(leadHeld({ likeness: alike }), routingFailed())
      .when(routeLeads, leadStream, 1)
      .then();
    await when(leadHeld({ likeness: alike }), routingFailed(), stageChanged())
      .when(routeLeads, leadStream)
      .then();
    await when(leadHeld({ likeness: alike }))
      .when(routeLeads, leadStream, 1)
      .then(routing);
    await when(leadHeld(), routingFailed()).when(routeLeads, leadStream, 1).then(routing);
    await when(leadHeld({ likeness: alike, workId: 'another' }), routingFailed())
      .when(routeLeads, leadStream, 1)
      .then(routing);
    await when(leadHeld({ likeness: alike, domain: 'example.com' }), routingFailed())
      .when(routeLeads, leadStream, 1)
      .then(routing);
  });

  it('that was given back is left as it is when its place is free, and it needs nobody any more', async () => {
    const facts = [leadCaptured(), leadQualified(), leadAssigned(), leadDeclined()];
    const given = (pool: readonly PoolEvent[], ...since: readonly LeadEvent[]) =>
      givenLog({ [leadStream]: [...facts, ...since], [poolStream]: pool }).when(routeLeads, leadStream, 3);
    const both = [intent(freePlace, { ...of, decision: 1, credit: true, reason: 'declined' }), routing];
    const again = leadAssigned({ decision: 2 });
    await given([leadPlaced(), leadFreed(), leadPlaced({ decision: 2 })], again).then();
    await given([leadPlaced(), leadFreed()], leadClosed()).then();
    await given([leadPlaced()], leadClosed()).then(...both);
    await given([leadPlaced(), leadFreed()]).then(...both);
    await given([], again).then(...both);
  });
});

it('Each reactor has a name of its own', () => {
  expect(new Set(reactors.map(({ name }) => name)).size).toBe(reactors.length);
});
