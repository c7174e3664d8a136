import { Set as PersistentSet } from 'immutable';
import type { LeadEvent, LeadFact } from '../lead/lead-events.ts';
import type { AbsorbedRouting, Closing, Held, Outcome, OwnershipEvent, ownershipStatuses } from './ownership-events.ts';
import { isActive, prevails } from './ownership-merge.ts';
import { planOf } from './response.ts';

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
  readonly excluded: PersistentSet<string>;
  readonly approved: boolean;
  readonly outcome: Outcome | undefined;
  /** How it was closed, while it is. */
  readonly closed: Closing | undefined;
  /** What came with a merged lead that `repId` has, until this one has heard that its place is its own. */
  readonly held: Held | undefined;
  /** The merged leads whose decisions are part of its history. */
  readonly histories: readonly string[];
};

export const nobodysLead: Ownership = {
  status: 'none',
  decision: 0,
  round: 0,
  since: '',
  repId: undefined,
  teamId: undefined,
  assignedAt: '',
  acceptedAt: undefined,
  plan: undefined,
  workIds: [],
  excluded: PersistentSet(),
  approved: false,
  outcome: undefined,
  closed: undefined,
  held: undefined,
  histories: [],
};

const anew = (before: Ownership, since: string): Ownership => ({
  ...before,
  round: before.round + 1,
  since,
  status: 'pending',
  excluded: PersistentSet(),
  approved: false,
  outcome: undefined,
  acceptedAt: undefined,
  plan: undefined,
  closed: undefined,
  held: undefined,
});

/** A closed lead that comes back by itself is routed again, unless somebody decided that it is none. */
const qualified = (before: Ownership, { data }: LeadFact<'LeadQualified'>): Ownership =>
  before.status === 'none' || (before.status === 'closed' && before.outcome !== 'disqualified')
    ? anew(before, data.qualifiedAt)
    : before;

/** What a merge by an earlier version did, which brought no more than a status. */
const joined = (before: Ownership, theirs: Pick<Ownership, 'status'>): Ownership =>
  isActive(theirs) && !isActive(before) ? anew(before, '') : before;

/** Who is not to get it: whoever has the merged lead took it on, whatever came before in one that is closed. */
const notAsked = ({ excluded }: Ownership, { status, brought }: AbsorbedRouting): Ownership['excluded'] =>
  status === 'assigned' && brought?.repId !== undefined ? excluded.remove(brought.repId) : excluded;

/** Takes over the routing of a merged lead. That it was closed, and counts, is said by a fact of its own. */
const absorbed = (before: Ownership, { data: { last, from, routing } }: LeadFact<'LeadAbsorbed'>): Ownership => {
  if (!last || !routing || routing.status === 'none') return before;
  const { brought } = routing;
  if (!brought) return joined(before, routing);
  const first = prevails(routing, before);
  const [owner = before] = (first ? [brought, before] : [before, brought]).filter(({ repId }) => repId !== undefined);
  const both: Ownership = {
    ...before,
    repId: owner.repId,
    teamId: owner.teamId,
    excluded: before.excluded.union(brought.excluded),
    histories: [...new globalThis.Set([...before.histories, from, ...brought.histories])],
  };
  if (!isActive(routing)) return both;
  const open = isActive(before);
  if (!open && !first) return both;
  const next = open ? both : { ...anew(both, brought.since ?? ''), excluded: notAsked(both, routing) };
  return { ...next, approved: next.approved || brought.approved, held: first ? brought.held : before.held };
};

const assigned = (before: Ownership, { data }: LeadFact<'LeadAssigned'>): Ownership => {
  if (data.decision <= before.decision) return before;
  const { decision, repId, teamId, assignedAt } = data;
  const { heldSince = assignedAt, acceptedAt } = data;
  const at = { decision, repId, teamId, assignedAt: heldSince, acceptedAt, plan: undefined, workIds: [] };
  // Who lost it for want of a reply has had its chance.
  const excluded =
    before.status === 'assigned' && before.repId !== undefined ? before.excluded.add(before.repId) : before.excluded;
  return { ...before, ...at, status: 'assigned', excluded, outcome: undefined, closed: undefined, held: undefined };
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
    status: 'pending',
    acceptedAt: undefined,
    plan: undefined,
    round: before.round + 1,
    since,
  });

const planned = (before: Ownership, decision: number, change: (plan: ResponsePlan) => ResponsePlan): Ownership =>
  before.plan?.decision === decision ? { ...before, plan: change(before.plan) } : before;

const withWork = (before: Ownership, workId: string): Ownership =>
  before.workIds.includes(workId) ? before : { ...before, workIds: [...before.workIds, workId] };

const closed = (before: Ownership, { data }: LeadFact<'LeadClosed'>): Ownership => {
  const { settles: _, from, ...said } = data;
  // Who had the merged lead when it was closed had this person last.
  const { repId, teamId } = from === undefined || said.repId === undefined ? before : said;
  const ended = { plan: undefined, held: undefined, workIds: [] };
  return { ...before, ...ended, status: 'closed', outcome: said.outcome, closed: said, repId, teamId };
};

/** A fact that says nothing about who has the lead; one about that without a case does not compile. */
const leftToLead = (before: Ownership, _: Exclude<LeadEvent, OwnershipEvent>): Ownership => before;

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
      return given(before, event.data.decision, { plan: planOf(event.data) });
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
        ...before,
        status: 'pending',
        approved: true,
        round: before.round + 1,
        workIds: before.workIds.filter((id) => id !== event.data.workId),
      };
    case 'LeadClosed':
      return closed(before, event);
    case 'RoutingRequested':
      return before.status === 'none' ? anew(before, event.data.requestedAt) : before;
    case 'LeadReopened':
      return anew(before, event.data.reopenedAt);
    default:
      return leftToLead(before, event);
  }
};
