import { z } from 'zod';
import type { LeadEvent } from '../domain/lead/lead-events.ts';
import { nobodysLead, withOwnership } from '../domain/routing/ownership.ts';
import { outcomes, ownershipStatuses } from '../domain/routing/ownership-events.ts';
import type { PoolEvent } from '../domain/routing/pool.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Projection } from './projection.ts';

/** Where a lead is that is, or was, to have a rep: of one that is closed, what became of it. */
export const routedStates = [...ownershipStatuses, ...outcomes] as const;
export type RoutedState = (typeof routedStates)[number];

const routedLead = z.object({
  leadId: z.string(),
  state: z.enum(routedStates),
  /** Who has it or had it last; of one that was closed while nobody had it, nobody. */
  repId: z.string().optional(),
  teamId: z.string().optional(),
  decision: z.number(),
  /** The decision for which another rep was looked for, because there was no reply. */
  asked: z.number().optional(),
  /** Terms of who lost it to another that way: of all, of reps and of teams. */
  lostBy: z.array(z.string()).optional(),
});
export type RoutedLead = Readonly<z.infer<typeof routedLead>>;

/** The term of leads that a rep or a team lost to another because there was no reply, or that anybody did. */
export const lostTerm = (of: { readonly repId: string } | { readonly teamId: string } | 'anybody'): string =>
  JSON.stringify(of === 'anybody' ? [of] : Object.entries(of)[0]);

/** Who lost the lead so far: by now also who had it, when it changes hands because there was no reply. */
const lostBy = (doc: RoutedLead | undefined, event: LeadEvent): readonly string[] => {
  const { state, decision, asked, repId, teamId, lostBy: before = [] } = doc ?? {};
  if (event.type !== 'LeadAssigned' || state !== 'assigned' || repId === undefined) return before;
  const { by, repId: now, decision: latest } = event.data;
  if (asked !== decision || by !== 'rules' || now === repId || latest <= (decision ?? 0)) return before;
  const more = [lostTerm('anybody'), lostTerm({ repId }), ...(teamId ? [lostTerm({ teamId })] : [])];
  return [...new Set([...before, ...more])];
};

const evolve = (doc: RoutedLead | undefined, event: LeadEvent | PoolEvent, leadId: string): RoutedLead | undefined => {
  if (event.type === 'LeadMerged') return undefined;
  if (event.type === 'LeadPlaced' || event.type === 'LeadHeld' || event.type === 'LeadFreed') return doc;
  if (event.type === 'ResponseStepTaken') {
    const { action, decision } = event.data;
    const isAsked = action === 're-route' && doc?.state === 'assigned' && doc.decision === decision;
    return isAsked ? { ...doc, asked: decision } : doc;
  }
  const outcome = outcomes.find((each) => each === doc?.state);
  const status = ownershipStatuses.find((each) => each === doc?.state) ?? (outcome ? 'closed' : 'none');
  const before = {
    ...nobodysLead,
    status,
    outcome,
    decision: doc?.decision ?? 0,
    repId: doc?.repId,
    teamId: doc?.teamId,
  };
  const after = withOwnership(before, event);
  if (after === before) return doc;
  // Who had a merged lead did not have this one when it was closed.
  if (event.type === 'LeadAbsorbed' && before.status === 'closed' && after.status === 'closed') return doc;
  const ownerless = event.type === 'LeadClosed' && event.data.repId === undefined;
  const { repId, teamId } = ownerless ? {} : after;
  const lost = lostBy(doc, event);
  return {
    leadId,
    decision: after.decision,
    state: after.status === 'closed' ? (after.outcome ?? after.status) : after.status,
    ...(repId !== undefined && { repId }),
    ...(teamId !== undefined && { teamId }),
    ...(lost.length > 0 && { lostBy: [...lost] }),
  };
};

const ofLeads = [
  ...(['LeadQualified', 'LeadAbsorbed', 'LeadMerged', 'LeadAssigned', 'LeadDeclined', 'LeadUnassigned'] as const),
  ...(['RoutingRequested', 'RoutingFailed', 'ApprovalRequested', 'ApprovalGiven'] as const),
  ...(['LeadClosed', 'LeadReopened', 'ResponseStepTaken'] as const),
];
const wanted = new Set<string>(ofLeads);

/** The facts of which the report of routing is made: what is asked for together is read once. */
export const routingFacts = [...ofLeads, ...(['LeadAccepted', 'ResponseOverdue', 'LeadPlaced', 'LeadFreed'] as const)];

/** The leads that are, or were, to have a rep: each once, however often it qualified and whoever had it. */
export const routedLeads: Projection<RoutedLead, LeadEvent | PoolEvent> = {
  name: 'routed-leads',
  version: 2,
  streams: [streamsOf('lead'), streamsOf('pool')],
  types: routingFacts,
  document: routedLead,
  indexes: [['state'], ['repId', 'state'], ['teamId', 'state']],
  terms: 'lostBy',
  keys: (event) => {
    const linked = event.type === 'LeadMerged' && event.data.identifier !== undefined;
    const parts = linked || !wanted.has(event.type) ? undefined : streamParts('lead', event.stream);
    return parts ? [{ project: parts.projectId, id: parts.id }] : [];
  },
  evolve: (doc, event, { id }) => evolve(doc, event, id),
};
