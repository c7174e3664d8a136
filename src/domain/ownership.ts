import { Set } from 'immutable';
import type { LeadEvent, LeadFact } from './lead-events.ts';
import type { Outcome, ownershipStatuses } from './ownership-events.ts';

/** The plan for a reply that is in force, and how far it is. */
export type ResponsePlan = LeadFact<'ResponseDue'>['data'] & {
  readonly atRisk: boolean;
  readonly overdue: boolean;
  /** How many of its steps were taken. */
  readonly taken: number;
};

/**
 * Who has a lead. `none`: it never qualified so that anybody was to have it; `pending`: it is about to be routed; `assigned`:
 * a rep has it; `waiting` and `approval`: nobody fits, or somebody must approve, and there is a work item; `closed`.
 */
export type Ownership = {
  readonly status: (typeof ownershipStatuses)[number];
  /** The number of the last decision that was heard of; an older one changes nothing any more. */
  readonly decision: number;
  /** How often it began to need somebody: names its work items. */
  readonly round: number;
  /** Since when it needed somebody when it last did (ISO 8601); empty when the fact does not say. */
  readonly since: string;
  /** Who has it, or had it last. */
  readonly repId: string | undefined;
  readonly teamId: string | undefined;
  readonly assignedAt: string;
  readonly acceptedAt: string | undefined;
  readonly plan: ResponsePlan | undefined;
  /** Open work items that end when the lead is assigned or closed. */
  readonly workIds: readonly string[];
  /** Who declined or lost it, and is not asked again this time. */
  readonly excluded: Set<string>;
  readonly approved: boolean;
  readonly outcome: Outcome | undefined;
};

export const nobodysLead: Ownership = {
  ...{
    status: 'none',
    decision: 0,
    round: 0,
    since: '',
    repId: undefined,
    teamId: undefined,
    assignedAt: '',
    acceptedAt: undefined,
  },
  ...{ plan: undefined, workIds: [], excluded: Set(), approved: false, outcome: undefined },
};

const anew = (before: Ownership, since: string): Ownership => ({
  ...before,
  round: before.round + 1,
  since,
  ...{
    status: 'pending',
    excluded: Set(),
    approved: false,
    outcome: undefined,
    acceptedAt: undefined,
    plan: undefined,
  },
});

/** A closed lead that comes back by itself is routed again, unless somebody decided that it is none. */
const qualified = (before: Ownership, { data }: LeadFact<'LeadQualified'>): Ownership =>
  before.status === 'none' || (before.status === 'closed' && before.outcome !== 'disqualified')
    ? anew(before, data.qualifiedAt)
    : before;

const absorbed = (before: Ownership, { data }: LeadFact<'LeadAbsorbed'>): Ownership => {
  if (!data.last || !data.routing) return before;
  const { status } = data.routing;
  const active = status !== 'none' && status !== 'closed';
  const free = before.status === 'none' || before.status === 'closed';
  return active && free ? anew(before, '') : before;
};

const assigned = (before: Ownership, { data }: LeadFact<'LeadAssigned'>): Ownership => {
  if (data.decision <= before.decision) return before;
  const { decision, repId, teamId, assignedAt } = data;
  const at = { decision, repId, teamId, assignedAt, acceptedAt: undefined, plan: undefined, workIds: [] };
  // Who lost it for want of a reply has had its chance.
  const excluded =
    before.status === 'assigned' && before.repId !== undefined ? before.excluded.add(before.repId) : before.excluded;
  return { ...before, ...at, status: 'assigned', excluded, outcome: undefined };
};

const given = (before: Ownership, decision: number, next: Partial<Ownership>): Ownership =>
  before.status === 'assigned' && before.decision === decision ? { ...before, ...next } : before;

const left = (
  before: Ownership,
  {
    decision,
    repId,
    excludes = true,
  }: { readonly decision: number; readonly repId: string; readonly excludes?: boolean | undefined },
  since: string,
): Ownership =>
  given(before, decision, {
    excluded: excludes ? before.excluded.add(repId) : before.excluded,
    ...{ status: 'pending', acceptedAt: undefined, plan: undefined },
    ...{ round: before.round + 1, since },
  });

const planned = (before: Ownership, decision: number, change: (plan: ResponsePlan) => ResponsePlan): Ownership =>
  before.plan?.decision === decision ? { ...before, plan: change(before.plan) } : before;

const withWork = (before: Ownership, workId: string): Ownership =>
  before.workIds.includes(workId) ? before : { ...before, workIds: [...before.workIds, workId] };

/** What a fact does to who has a lead. Facts that say nothing about it leave it as it is. */
export const withOwnership = (before: Ownership, event: LeadEvent): Ownership => {
  switch (event.type) {
    case 'LeadQualified':
      return event.data.quiet ? before : qualified(before, event);
    case 'LeadAbsorbed':
      return absorbed(before, event);
    case 'LeadAssigned':
      return assigned(before, event);
    case 'ResponseDue':
      return given(before, event.data.decision, { plan: { ...event.data, atRisk: false, overdue: false, taken: 0 } });
    case 'ResponseAtRisk':
      return planned(before, event.data.decision, (plan) => ({ ...plan, atRisk: true }));
    case 'ResponseOverdue':
      return planned(before, event.data.decision, (plan) => ({ ...plan, atRisk: true, overdue: true }));
    case 'ResponseStepTaken': {
      const { decision, step, workId } = event.data;
      const after = planned(before, decision, (plan) => ({ ...plan, taken: Math.max(plan.taken, step + 1) }));
      return workId === undefined ? after : withWork(after, workId);
    }
    case 'LeadAccepted':
      return given(before, event.data.decision, { acceptedAt: event.data.acceptedAt, plan: undefined, workIds: [] });
    case 'LeadDeclined':
      return left(before, event.data, event.data.declinedAt);
    case 'LeadUnassigned':
      return left(before, event.data, event.data.unassignedAt);
    case 'RoutingFailed':
      return { ...withWork(before, event.data.workId), status: 'waiting' };
    case 'ApprovalRequested':
      return { ...withWork(before, event.data.workId), status: 'approval' };
    case 'ApprovalGiven':
      return {
        ...{ ...before, status: 'pending', approved: true, round: before.round + 1 },
        workIds: before.workIds.filter((id) => id !== event.data.workId),
      };
    case 'LeadClosed':
      return { ...before, status: 'closed', outcome: event.data.outcome, plan: undefined, workIds: [] };
    case 'LeadReopened':
      return anew(before, event.data.reopenedAt);
    default:
      return before;
  }
};
