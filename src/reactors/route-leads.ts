import { freePlace } from '../commands/routing/free-place.ts';
import type { Intent } from '../flows/intent.ts';
import { flowIntent, intent } from '../flows/intent.ts';
import { reRouteUnanswered, seeToUnanswered } from '../flows/missed-replies.ts';
import type { LeadId } from '../flows/placements.ts';
import { confirmPlace, endWork, freeClosed, hasPlace, isFreed, takeOverPlace } from '../flows/placements.ts';
import { routeLead } from '../flows/route-lead.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { lead } from '../domain/lead/lead.ts';
import type { LeadFact } from '../domain/lead/lead-events.ts';
import { pool } from '../domain/routing/pool.ts';
import { roster } from '../domain/routing/roster.ts';
import { waitsAsBefore } from '../domain/routing/waiting.ts';
import { leadStreamId, streamParts, streamsOf } from '../domain/streams.ts';
import type { Reaction, Reactions, Reactor, ReactorContext } from './reactor.ts';
import { byState } from './reactor.ts';

const routing = (of: LeadId): Intent => flowIntent(routeLead, of);

const ending = ({ projectId }: LeadId, workIds: readonly string[], reason: string): Intent =>
  flowIntent(endWork, { projectId, workIds, reason });

/** A fact of a lead's stream, as far as it says where it is. */
type AtRevision = { readonly revision: number };

/**
 * What a fact wants done, unless its lead has got beyond that: then whoever starts anew sees so by one look at the lead, however
 * long ago it was. What is remembered of the lead may be old, and tells nothing of a fact that is not in it. One that no longer
 * needs a rep, or has become part of another, needs one again by a later fact only, which wants it done then.
 */
const whileItNeedsRep = (
  context: ReactorContext,
  of: LeadId,
  { revision }: AtRevision,
  wanted: readonly Reaction[],
): Reactions =>
  byState(context, lead, leadStreamId(of.projectId, of.leadId), (state, known) => {
    if (known < revision || (state.status !== 'merged' && state.ownership.status === 'pending')) return wanted;
    return state.status !== 'merged' && state.ownership.status === 'waiting'
      ? whereNewsCount(context, of, state, wanted)
      : [];
  });

/** What a lead that waits wants done, unless it has heard so, and nothing about it is other than when it was tried last. */
const whereNewsCount = (
  context: ReactorContext,
  { projectId, leadId }: LeadId,
  state: LeadState,
  wanted: readonly Reaction[],
): Reactions =>
  byState(context, pool, projectId, ({ waiting }) =>
    byState(context, roster, projectId, (current) => {
      const held = waiting.get(leadId);
      const hasHeard = held !== undefined && state.ownership.workIds.includes(held.workId);
      return hasHeard && waitsAsBefore(held, state, current) ? [] : wanted;
    }),
  );

/** Finds a rep for a lead that a fact says needs one. */
const routed = (of: LeadId, event: AtRevision, context: ReactorContext): Reactions =>
  whileItNeedsRep(context, of, event, [routing(of)]);

/** Somebody gives the lead back: its place is free, and another rep is looked for. */
const givenBack = (
  of: LeadId,
  { revision, data: { decision } }: AtRevision & { readonly data: { readonly decision: number } },
  context: ReactorContext,
  reason: string,
): Reactions => {
  const wanted = [intent(freePlace, { ...of, decision, credit: true, reason }), routing(of)];
  return byState(context, pool, of.projectId, (state) =>
    isFreed(state, of.leadId, decision) ? whileItNeedsRep(context, of, { revision }, wanted) : wanted,
  );
};

const absorbed = ({ projectId, leadId: into }: LeadId, { data }: LeadFact<'LeadAbsorbed'>): readonly Intent[] => {
  if (!data.last) return [];
  const { from, routing: theirs } = data;
  return [
    flowIntent(takeOverPlace, { projectId, from, into }),
    ending({ projectId, leadId: from }, theirs?.workIds ?? [], `Lead ${from} was merged into ${into}`),
    routing({ projectId, leadId: into }),
  ];
};

/** More is known of a lead: if it waits, somebody may fit it now. The pool knows who does, without a look at each lead. */
const routingIfItWaits = (of: LeadId, event: AtRevision, context: ReactorContext): Reactions =>
  byState(context, pool, of.projectId, ({ waiting }) => (waiting.has(of.leadId) ? routed(of, event, context) : []));

/** A lead has heard whose it is: that must still be so, and what it waited with ends. */
const assigned = (of: LeadId, { data }: LeadFact<'LeadAssigned'>, context: ReactorContext): Reactions => {
  const { decision, repId, settles } = data;
  const ends = settles.length > 0 ? [ending(of, settles, `The lead is ${repId}'s`)] : [];
  return byState(context, pool, of.projectId, (state) =>
    hasPlace(state, of.leadId, decision) ? ends : [flowIntent(confirmPlace, { ...of, decision }), ...ends],
  );
};

/** The place of a closed lead is free, and the work items that this settles end. */
const closed = (
  of: LeadId,
  { revision, data }: LeadFact<'LeadClosed'> & AtRevision,
  context: ReactorContext,
): Reactions => {
  const { settles, outcome } = data;
  const freeing = flowIntent(freeClosed, { ...of, workIds: settles, outcome });
  if (settles.length > 0) return [freeing, ending(of, settles, 'The lead is closed')];
  return byState(context, lead, leadStreamId(of.projectId, of.leadId), ({ ownership }, known) =>
    byState(context, pool, of.projectId, ({ places, decisions }) => {
      const isFree = known >= revision && decisions >= ownership.decision && !places.has(of.leadId);
      return isFree ? [] : [freeing];
    }),
  );
};

/** What follows from a fact, for the lead whose it is. */
const ofLead =
  <E extends { readonly stream: string; readonly revision: number }>(
    react: (of: LeadId, event: E, context: ReactorContext) => Reactions,
  ) =>
  (event: E, context: ReactorContext): Reactions => {
    const parts = streamParts('lead', event.stream);
    return parts ? react({ projectId: parts.projectId, leadId: parts.id }, event, context) : [];
  };

/** Finds a rep for each lead that needs one, frees the places of those that no longer have one, and ends their work items. */
export const routeLeads: Reactor = {
  name: 'route-leads',
  streams: [streamsOf('lead')],
  prompt: true,
  on: {
    LeadQualified: ofLead((of, event, context) => (event.data.quiet ? [] : routed(of, event, context))),
    LeadAbsorbed: ofLead((of, event) => absorbed(of, event)),
    LeadDeclined: ofLead((of, event, context) => givenBack(of, event, context, 'declined')),
    LeadUnassigned: ofLead((of, event, context) => givenBack(of, event, context, 'unassigned')),
    LeadClosed: ofLead((of, event, context) => closed(of, event, context)),
    LeadReopened: ofLead(routed),
    RoutingRequested: ofLead(routed),
    ApprovalGiven: ofLead(routed),
    LeadAssigned: ofLead((of, event, context) => assigned(of, event, context)),
    LeadAccepted: ofLead((of, { data: { repId, settles } }) =>
      settles.length > 0 ? [ending(of, settles, `${repId} accepted the lead`)] : [],
    ),
    ResponseStepTaken: ofLead((of, { data }) => [
      flowIntent(data.action === 're-route' ? reRouteUnanswered : seeToUnanswered, { ...of, ...data }),
    ]),
    ProfileUpdated: ofLead(routingIfItWaits),
    StageChanged: ofLead(routingIfItWaits),
  },
};
