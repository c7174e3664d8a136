import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approveWorkItem } from '../../../src/commands/work/approve-work-item.ts';
import { claimWorkItem } from '../../../src/commands/work/claim-work-item.ts';
import { closeWorkItem } from '../../../src/commands/work/close-work-item.ts';
import { completeWorkItem } from '../../../src/commands/work/complete-work-item.ts';
import { escalateWorkItem } from '../../../src/commands/work/escalate-work-item.ts';
import { lapseWorkItem } from '../../../src/commands/work/lapse-work-item.ts';
import { openWorkItem } from '../../../src/commands/work/open-work-item.ts';
import { raiseWorkItem } from '../../../src/commands/work/raise-work-item.ts';
import { rejectWorkItem } from '../../../src/commands/work/reject-work-item.ts';
import { releaseWorkItem } from '../../../src/commands/work/release-work-item.ts';
import { Rejection } from '../../../src/domain/rejection.ts';
import type { WorkItemEvent } from '../../../src/domain/work/work-item.ts';
import { workItem } from '../../../src/domain/work/work-item.ts';
import {
  projectId,
  workItemCancelled as cancelled,
  workItemClaimed as claimed,
  workItemCompleted as completed,
  workItemEscalated as escalated,
  workItemOpened as opened,
  workItemReleased as released,
} from '../../support/facts.ts';
import { given } from '../../support/given.ts';
import { noon } from '../../support/noon.ts';

const { openedAt: _, ...opening } = opened().data;
const its = { projectId, workId: 'w1' };
const grace = { ...its, by: 'grace', reason: '' };
const ben = { ...its, by: 'ben', reason: 'Because' };
const approval = opened({ kind: 'approval_required' });
const waiting = opened({ kind: 'routing_failed' });

const end = '2026-03-10T12:15:00.000Z';
const atTheEnd = { now: new Date(end) };
const justBefore = { now: new Date('2026-03-10T12:14:59.999Z') };
const ranOut = released({ by: 'lease', reason: 'The time of the claim ran out', releasedAt: end });

/** What is decided; nothing when it is refused. */
const attempt = (decide: () => readonly WorkItemEvent[]): readonly WorkItemEvent[] => {
  try {
    return decide();
  } catch (error) {
    if (error instanceof Rejection) return [];
    throw error;
  }
};

describe('A work item', () => {
  it('is opened once, and never again once it has ended', () => {
    given().when(openWorkItem, opening).then(opened());
    given(opened()).when(openWorkItem, opening).then();
    given(opened(), completed()).when(openWorkItem, opening).then();
  });

  it('is made urgent once, also while somebody has it, and not when it has ended or never was', () => {
    const raising = { ...its, by: 'routing', reason: 'Late', assignee: 'lea' };
    const raised = escalated({ by: 'routing', reason: 'Late', priority: 'urgent', assignee: 'lea' });
    given(opened()).when(raiseWorkItem, raising).then(raised);
    given(opened(), claimed()).when(raiseWorkItem, raising).then(raised);
    given(opened(), raised).when(raiseWorkItem, raising).then();
    given(opened(), completed()).when(raiseWorkItem, raising).then();
    given().when(raiseWorkItem, raising).then();
  });

  it('is claimed for 15 minutes', () => {
    given(opened()).when(claimWorkItem, grace).then(claimed());
  });

  it('has one holder at a time, and is not claimed twice by the same person either', () => {
    given(opened(), claimed()).when(claimWorkItem, ben).rejects('work-claimed');
    given(opened(), claimed()).when(claimWorkItem, grace).rejects('work-claimed');
    given(opened(), claimed()).when(claimWorkItem, ben, justBefore).rejects('work-claimed');
  });

  it('is everybody’s from the moment that the time of the claim ran out, noted or not', () => {
    const mine = claimed({ by: 'ben', until: '2026-03-10T12:30:00.000Z', claimedAt: end });
    given(opened(), claimed()).when(claimWorkItem, ben, atTheEnd).then(ranOut, mine);
    given(opened(), claimed(), ranOut).when(claimWorkItem, ben, atTheEnd).then(mine);
    given(opened(), claimed())
      .when(completeWorkItem, ben, atTheEnd)
      .then(ranOut, completed({ by: 'ben', reason: 'Because', completedAt: end }));
  });

  it('has the end of a claim noted once, as of when it ended', () => {
    const late = { now: new Date('2026-03-12T00:00:00.000Z') };
    given(opened(), claimed()).when(lapseWorkItem, its, late).then(ranOut);
    given(opened(), claimed()).when(lapseWorkItem, its, justBefore).then();
    given(opened(), claimed(), ranOut).when(lapseWorkItem, its, late).then();
    given(opened(), claimed(), completed()).when(lapseWorkItem, its, late).then();
    given().when(lapseWorkItem, its, late).then();
  });

  it('is given back by who has it', () => {
    given(opened(), claimed()).when(releaseWorkItem, grace).then(released());
    given(opened(), claimed()).when(releaseWorkItem, ben).rejects('work-claimed');
    given(opened()).when(releaseWorkItem, ben).then();
    given(opened(), claimed()).when(releaseWorkItem, grace, atTheEnd).then(ranOut);
  });

  it('is completed by who has it, or by anybody while nobody has it', () => {
    given(opened(), claimed()).when(completeWorkItem, grace).then(completed());
    given(opened()).when(completeWorkItem, grace).then(completed());
    given(opened(), claimed()).when(completeWorkItem, ben).rejects('work-claimed');
  });

  it('that asks for a decision is approved or rejected, and not completed', () => {
    given(approval, claimed())
      .when(approveWorkItem, grace)
      .then(completed({ resolution: 'approved' }));
    given(approval)
      .when(rejectWorkItem, ben)
      .then(completed({ by: 'ben', resolution: 'rejected', reason: 'Because' }));
    given(approval, claimed()).when(approveWorkItem, ben).rejects('work-claimed');
    given(approval, claimed()).when(completeWorkItem, grace).rejects('work-mismatched');
    given(opened()).when(approveWorkItem, grace).rejects('work-mismatched');
    given(opened()).when(rejectWorkItem, ben).rejects('work-mismatched');
  });

  it('of a lead that waits is not completed by hand: the lead would be forgotten', () => {
    given(waiting, claimed()).when(completeWorkItem, grace).rejects('work-unresolved');
  });

  it('that is escalated matters more, and is free', () => {
    given(opened(), claimed())
      .when(escalateWorkItem, { ...grace, reason: 'The customer called', teamId: 'emea' })
      .then(escalated({ teamId: 'emea' }));
    given(opened({ priority: 'urgent' }))
      .when(escalateWorkItem, { ...grace, reason: 'The customer called', assignee: 'ada' })
      .then(escalated({ priority: 'urgent', assignee: 'ada' }));
    given(opened(), claimed(), escalated()).when(claimWorkItem, grace).then(claimed());
    given(opened(), claimed()).when(escalateWorkItem, ben).rejects('work-claimed');
  });

  it('that is escalated to a team is no longer for the person it was for', () => {
    const state = [opened({ assignee: 'ada', teamId: 'us' }), escalated({ teamId: 'emea' })].reduce(
      workItem.evolve,
      workItem.initial,
    );
    expect({ teamId: state.teamId, assignee: state.assignee, priority: state.priority }).toEqual({
      teamId: 'emea',
      assignee: undefined,
      priority: 'high',
    });
  });

  it('is ended when its cause is gone, whoever has it, once', () => {
    const gone = { ...its, by: 'leadfold', reason: 'Gone', how: 'cancelled' as const };
    given(opened(), claimed()).when(closeWorkItem, gone).then(cancelled());
    given(waiting)
      .when(closeWorkItem, { ...gone, how: 'completed' })
      .then(completed({ by: 'leadfold', reason: 'Gone' }));
    given(opened(), completed()).when(closeWorkItem, gone).then();
    given(opened(), cancelled())
      .when(closeWorkItem, { ...gone, how: 'completed' })
      .then();
    given().when(closeWorkItem, gone).then();
  });

  const all = [claimWorkItem, releaseWorkItem, completeWorkItem, approveWorkItem, rejectWorkItem, escalateWorkItem];
  it('that is unknown or has ended is left alone', () => {
    const ends = [
      [],
      [opened(), completed()],
      [approval, completed({ resolution: 'rejected' })],
      [opened(), cancelled()],
    ];
    for (const facts of ends) {
      const code = facts.length === 0 ? 'work-item-unknown' : 'work-item-closed';
      const then = given(...facts);
      then.when(claimWorkItem, ben).rejects(code);
      then.when(releaseWorkItem, ben).rejects(code);
      then.when(completeWorkItem, ben).rejects(code);
      then.when(approveWorkItem, ben).rejects(code);
      then.when(rejectWorkItem, ben).rejects(code);
      then.when(escalateWorkItem, ben).rejects(code);
    }
  });

  it('is never taken in the name of the clock, or of nobody', () => {
    for (const by of ['lease', ' lease ', '', '   ', 'x'.repeat(257)])
      expect(claimWorkItem.input.safeParse({ ...grace, by }).success).toBe(false);
  });

  it('has at most one holder at any time, and never changes after it ended, whatever is tried when', () => {
    const minutes = fc.integer({ min: 0, max: 40 });
    const attempts = fc.array(fc.tuple(fc.constantFrom(...all), fc.constantFrom('grace', 'ben', 'ada'), minutes), {
      maxLength: 30,
    });
    const kinds = fc.constantFrom('deadline_missed' as const, 'approval_required' as const, 'routing_failed' as const);
    fc.assert(
      fc.property(attempts, kinds, (tried, kind) => {
        let [facts, clock]: [readonly WorkItemEvent[], number] = [[opened({ kind })], noon.getTime()];
        for (const [{ decide }, by, later] of tried) {
          clock += later * 60_000;
          const before = facts.reduce(workItem.evolve, workItem.initial);
          const held = before.status === 'claimed' && Date.parse(before.until) > clock;
          const more = attempt(() => decide(before, { ...its, by, reason: 'So' }, { now: new Date(clock) }));
          if (more.length === 0) continue;
          expect(before.status === 'completed').toBe(false);
          if (held) expect(before.by).toBe(by);
          if (held) expect(more.some(({ type }) => type === 'WorkItemClaimed')).toBe(false);
          facts = [...facts, ...more];
        }
        const ended = facts.findIndex(({ type }) => type === 'WorkItemCompleted');
        expect(ended === -1 || ended === facts.length - 1).toBe(true);
        if (kind === 'routing_failed') expect(ended).toBe(-1);
      }),
    );
  });
});
