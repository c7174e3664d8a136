import { freePlace } from '../commands/routing/free-place.ts';
import type { Intent } from '../flows/intent.ts';
import { flowIntent, intent } from '../flows/intent.ts';
import { reRouteUnanswered, seeToUnanswered } from '../flows/missed-replies.ts';
import type { LeadId } from '../flows/placements.ts';
import { confirmPlace, endWork, freeClosed, hasPlace, takeOverPlace } from '../flows/placements.ts';
import { routeLead } from '../flows/route-lead.ts';
import type { LeadFact } from '../domain/lead/lead-events.ts';
import { pool } from '../domain/routing/pool.ts';
import { streamParts, streamsOf } from '../domain/streams.ts';
import type { Reactions, Reactor, ReactorContext } from './reactor.ts';
import { byState } from './reactor.ts';

const routing = (of: LeadId): Intent => flowIntent(routeLead, of);

const ending = ({ projectId }: LeadId, workIds: readonly string[], reason: string): Intent =>
  flowIntent(endWork, { projectId, workIds, reason });

/** Somebody gives the lead back: its place is free, and another rep is looked for. */
const givenBack = (of: LeadId, { decision }: { readonly decision: number }, reason: string): readonly Intent[] => [
  intent(freePlace, { ...of, decision, credit: true, reason }),
  routing(of),
];

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
const routingIfItWaits = (of: LeadId, _: unknown, context: ReactorContext): Reactions =>
  byState(context, pool, of.projectId, ({ waiting }) => (waiting.has(of.leadId) ? [routing(of)] : []));

/** A lead has heard whose it is: that must still be so, and what it waited with ends. */
const assigned = (of: LeadId, { data }: LeadFact<'LeadAssigned'>, context: ReactorContext): Reactions => {
  const { decision, repId, settles } = data;
  const ends = settles.length > 0 ? [ending(of, settles, `The lead is ${repId}'s`)] : [];
  return byState(context, pool, of.projectId, (state) =>
    hasPlace(state, of.leadId, decision) ? ends : [flowIntent(confirmPlace, { ...of, decision }), ...ends],
  );
};

/** What follows from a fact, for the lead whose it is. */
const ofLead =
  <E extends { readonly stream: string }>(react: (of: LeadId, event: E, context: ReactorContext) => Reactions) =>
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
    LeadQualified: ofLead((of, { data }) => (data.quiet ? [] : [routing(of)])),
    LeadAbsorbed: ofLead((of, event) => absorbed(of, event)),
    LeadDeclined: ofLead((of, { data }) => givenBack(of, data, 'declined')),
    LeadUnassigned: ofLead((of, { data }) => givenBack(of, data, 'unassigned')),
    LeadClosed: ofLead((of, { data: { settles, outcome } }) => [
      flowIntent(freeClosed, { ...of, workIds: settles, outcome }),
      ending(of, settles, 'The lead is closed'),
    ]),
    LeadReopened: ofLead((of) => [routing(of)]),
    RoutingRequested: ofLead((of) => [routing(of)]),
    ApprovalGiven: ofLead((of) => [routing(of)]),
    LeadAssigned: ofLead((of, event, context) => assigned(of, event, context)),
    LeadAccepted: ofLead((of, { data: { repId, settles } }) => [ending(of, settles, `${repId} accepted the lead`)]),
    ResponseStepTaken: ofLead((of, { data }) => [
      flowIntent(data.action === 're-route' ? reRouteUnanswered : seeToUnanswered, { ...of, ...data }),
    ]),
    ProfileUpdated: ofLead(routingIfItWaits),
    StageChanged: ofLead(routingIfItWaits),
  },
};
