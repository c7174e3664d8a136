import { freePlace } from '../commands/routing/free-place.ts';
import { step } from '../flows/step.ts';
import { openWorkItem } from '../commands/work/open-work-item.ts';
import type { LeadId } from '../flows/placements.ts';
import { confirmPlace, endWork, takeOverPlace } from '../flows/placements.ts';
import { raiseWorkItem } from '../commands/work/raise-work-item.ts';
import { routeLead } from '../flows/route-lead.ts';
import type { LeadfoldEvent } from '../domain/events.ts';
import type { LeadFact } from '../domain/lead/lead-events.ts';
import { lead } from '../domain/lead/lead.ts';
import { pool } from '../domain/routing/pool.ts';
import { roster } from '../domain/routing/roster.ts';
import { leadStreamId, streamParts } from '../domain/streams.ts';
import type { Intent, Reactor, ReactorContext } from './reactor.ts';

const routing =
  (of: LeadId): Intent =>
  (engine, request) =>
    routeLead(engine, of, request);

type Freed = {
  readonly decision?: number;
  readonly workIds?: string[];
  readonly credit: boolean;
  readonly reason: string;
};

const freeing =
  (of: LeadId, freed: Freed): Intent =>
  ({ handle }, request) =>
    handle(freePlace, { ...of, ...freed }, request);

/** Frees the place that a lead had when it was closed: it may have been reopened since, and have another. */
const afterClosing =
  (of: LeadId, { data: { settles: workIds, outcome } }: LeadFact<'LeadClosed'>): Intent =>
  async (engine, request) => {
    const { state } = await engine.states.refresh(lead, leadStreamId(of.projectId, of.leadId));
    const { status, decision } = state.ownership;
    const upTo = status === 'assigned' ? decision - 1 : decision;
    await engine.handle(freePlace, { ...of, upTo, workIds, credit: false, reason: `closed: ${outcome}` }, request);
  };

const ending =
  ({ projectId }: LeadId, workIds: readonly string[], reason: string): Intent =>
  (engine, request) =>
    endWork(engine, projectId, { workIds, reason }, request);

/** How long somebody has for a lead that nobody replied to, in ms. */
const escalationTime = 30 * 60_000;

/** Has a missed reply seen to, once: by the team's lead when it is escalated, also when others were to see to it before. */
const seeingTo =
  ({ projectId, leadId }: LeadId, { data }: LeadFact<'ResponseStepTaken'>): Intent =>
  async ({ handle, states }, request) => {
    const { teamId, repId, decision, action, at, workId } = data;
    if (workId === undefined) return;
    const { state } = await states.refresh(lead, leadStreamId(projectId, leadId));
    const { status, acceptedAt, decision: current } = state.ownership;
    if (status !== 'assigned' || current !== decision || acceptedAt !== undefined) return;
    const { leadRepId } = (await states.get(roster, projectId)).state.teams.get(teamId) ?? {};
    const reason = `${repId} did not reply in time`;
    await handle(
      openWorkItem,
      {
        projectId,
        workId,
        kind: 'deadline_missed',
        leadId,
        ...(teamId !== '' && { teamId }),
        ...(action === 'escalate' && leadRepId !== undefined && { assignee: leadRepId }),
        priority: action === 'escalate' ? 'urgent' : 'high',
        reason,
        dueAt: new Date(Date.parse(at) + escalationTime).toISOString(),
        details: { repId, decision },
      },
      request,
    );
    if (action !== 'escalate') return;
    const to = leadRepId === undefined ? {} : { assignee: leadRepId };
    await handle(raiseWorkItem, { projectId, workId, by: 'routing', reason, ...to }, step(request, 'raise'));
  };

/** Looks for another rep; where there is none, somebody sees to it, unless the policy goes on by itself. */
const reRouting =
  (of: LeadId, fact: LeadFact<'ResponseStepTaken'>): Intent =>
  async (engine, request) => {
    const routed = await routeLead(engine, { ...of, instead: fact.data.decision }, request);
    if (routed !== 'placed') await seeingTo(of, fact)(engine, step(request, 'see-to'));
  };

const afterAbsorbing = ({ projectId, leadId: into }: LeadId, { data }: LeadFact<'LeadAbsorbed'>): readonly Intent[] => {
  if (!data.last) return [];
  const { from, routing: theirs } = data;
  return [
    (engine, request) => takeOverPlace(engine, { projectId, from, into }, request),
    ending({ projectId, leadId: from }, theirs?.workIds ?? [], `Lead ${from} was merged into ${into}`),
    routing({ projectId, leadId: into }),
  ];
};

/** More is known of a lead: if it waits, somebody may fit it now. The pool knows who does, without a look at each lead. */
const ifItWaits = async (of: LeadId, { engine }: ReactorContext): Promise<readonly Intent[]> => {
  const { waiting } = (await engine.states.get(pool, of.projectId)).state;
  return waiting.has(of.leadId) ? [routing(of)] : [];
};

const intentsOf = (
  of: LeadId,
  event: LeadfoldEvent,
  context: ReactorContext,
): readonly Intent[] | Promise<readonly Intent[]> => {
  switch (event.type) {
    case 'LeadQualified':
      return event.data.quiet ? [] : [routing(of)];
    case 'LeadAbsorbed':
      return afterAbsorbing(of, event);
    case 'LeadDeclined':
      return [freeing(of, { decision: event.data.decision, credit: true, reason: 'declined' }), routing(of)];
    case 'LeadUnassigned':
      return [freeing(of, { decision: event.data.decision, credit: true, reason: 'unassigned' }), routing(of)];
    case 'LeadClosed':
      return [afterClosing(of, event), ending(of, event.data.settles, 'The lead is closed')];
    case 'LeadReopened':
    case 'RoutingRequested':
    case 'ApprovalGiven':
      return [routing(of)];
    case 'LeadAssigned':
      return [
        (engine, request) => confirmPlace(engine, of, event.data.decision, request),
        ending(of, event.data.settles, `The lead is ${event.data.repId}'s`),
      ];
    case 'LeadAccepted':
      return [ending(of, event.data.settles, `${event.data.repId} accepted the lead`)];
    case 'ResponseStepTaken':
      return event.data.action === 're-route' ? [reRouting(of, event)] : [seeingTo(of, event)];
    case 'ProfileUpdated':
    case 'StageChanged':
      return ifItWaits(of, context);
    default:
      return [];
  }
};

/** Finds a rep for each lead that needs one, frees the places of those that no longer have one, and ends their work items. */
export const routeLeads: Reactor = {
  name: 'route-leads',
  streams: ['lead-'],
  types: [
    ...(['LeadQualified', 'LeadAbsorbed', 'LeadDeclined', 'LeadUnassigned', 'LeadClosed', 'LeadReopened'] as const),
    ...(['RoutingRequested', 'ApprovalGiven', 'LeadAssigned', 'LeadAccepted', 'ResponseStepTaken'] as const),
    ...(['ProfileUpdated', 'StageChanged'] as const),
  ],
  react: async (event, context) => {
    const parts = streamParts('lead', event.stream);
    return parts ? intentsOf({ projectId: parts.projectId, leadId: parts.id }, event, context) : [];
  },
};
