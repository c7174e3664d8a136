import type { LeadEvent, LeadFact } from '../lead/lead-events.ts';
import type { Ownership, ResponsePlan } from './ownership.ts';

/** A plan as it begins; one that came with a merged lead goes on from where it was. */
export const planOf = ({
  atRisk = false,
  overdue = false,
  taken = 0,
  ...made
}: LeadFact<'ResponseDue'>['data']): ResponsePlan => ({
  ...made,
  atRisk,
  overdue,
  taken,
});

/** The plan that waits for a reply; undefined when the lead was accepted, or nobody has it. */
export const openPlan = ({ status, decision, acceptedAt, plan }: Ownership): ResponsePlan | undefined =>
  status === 'assigned' && acceptedAt === undefined && plan?.decision === decision ? plan : undefined;

/** When a plan next wants something done (ISO 8601); undefined when everything was. */
export const nextDue = ({ atRisk, overdue, taken, atRiskAt, dueAt, steps }: ResponsePlan): string | undefined => {
  if (overdue) return steps[taken]?.at;
  return atRisk ? dueAt : atRiskAt;
};

/**
 * What is to be said of a reply that has not come by now, each with the time that was planned for it. Whatever ends the wait
 * says so first: a late reply is late also when nobody was there to notice in time.
 */
export const missedBy = (ownership: Ownership, now: Date): readonly LeadEvent[] => {
  const plan = openPlan(ownership);
  if (!plan) return [];
  const { decision, repId, dueAt, atRiskAt, atRisk, overdue } = plan;
  const by = now.toISOString();
  const facts: LeadEvent[] = [];
  if (!atRisk && !overdue && atRiskAt <= by)
    facts.push({ type: 'ResponseAtRisk', data: { decision, repId, dueAt, at: atRiskAt } });
  if (!overdue && dueAt <= by) facts.push({ type: 'ResponseOverdue', data: { decision, repId, dueAt, at: dueAt } });
  return facts;
};

/**
 * The steps of a plan that are due by now. The one that looks for another rep is the last of them: what comes after it is
 * only done when nobody was found, and that is not known yet.
 */
export const stepsBy = (
  plan: ResponsePlan,
  { leadId, workIds }: { readonly leadId: string; readonly workIds: readonly string[] },
  now: Date,
): readonly LeadEvent[] => {
  const { decision, repId, teamId, steps, taken } = plan;
  // One missed reply is one work item, whichever step opens it: an item per step would have several people see to it.
  const own = `${leadId}.${decision}.`;
  const workId = workIds.find((id) => id.startsWith(own)) ?? `${own}reply`;
  const by = now.toISOString();
  const due = steps.slice(taken).filter(({ at }) => at <= by);
  const last = due.findIndex(({ action }) => action === 're-route');
  return (last < 0 ? due : due.slice(0, last + 1)).map(({ at, action }, index) => {
    const step = taken + index;
    const work = action === 'notify' ? {} : { workId };
    return { type: 'ResponseStepTaken', data: { decision, repId, teamId, step, action, at, ...work } };
  });
};
