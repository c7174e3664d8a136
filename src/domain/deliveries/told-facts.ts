import type { Event } from '../event.ts';
import type { LeadfoldEvent } from '../events.ts';
import { streamParts } from '../streams.ts';
import type { ToldType } from './told.ts';

type ToldFact = Extract<LeadfoldEvent, { type: (typeof toldFacts)[number] }>;

/** The types of facts that are told of. */
export const toldFacts = [
  ...(['LeadCaptured', 'LeadScored', 'StageChanged', 'LeadQualified', 'LeadAbsorbed'] as const),
  ...(['LeadAssigned', 'LeadAccepted', 'RoutingFailed', 'ResponseOverdue', 'LeadClosed'] as const),
  'WorkItemOpened',
] as const;

const types: ReadonlySet<string> = new Set(toldFacts);
const isToldFact = (fact: LeadfoldEvent): fact is ToldFact => types.has(fact.type);

const typeOf = (fact: ToldFact): ToldType | undefined => {
  switch (fact.type) {
    case 'LeadCaptured':
      return 'lead.captured';
    case 'LeadScored':
      // Nobody is told what a new model makes of leads: it may be all of them at once.
      return fact.data.cause === 'model' ? undefined : 'lead.scored';
    case 'StageChanged':
      return 'lead.stage_changed';
    case 'LeadQualified':
      return fact.data.quiet ? undefined : 'lead.qualified';
    case 'LeadAbsorbed':
      // A long lead is taken over in parts, of which the last one ends it.
      return fact.data.last ? 'lead.merged' : undefined;
    case 'LeadAssigned':
      return 'lead.assigned';
    case 'LeadAccepted':
      return 'lead.accepted';
    case 'RoutingFailed':
      return 'lead.routing_failed';
    case 'ResponseOverdue':
      return 'lead.response_overdue';
    case 'LeadClosed':
      // How a merged lead had been closed was told when it was.
      return fact.data.from === undefined ? 'lead.closed' : undefined;
    case 'WorkItemOpened':
      return 'work_item.opened';
  }
};

/**
 * As what a fact is told, if it is. A stage that changed is told unless a new model did that, as the fact before it in its
 * stream says: see `isOfModel`.
 */
export const toldTypeOf = (fact: LeadfoldEvent): ToldType | undefined => (isToldFact(fact) ? typeOf(fact) : undefined);

/** Whether the fact before has to say if a fact is told. */
export const dependsOnBefore = ({ type }: Pick<Event, 'type'>): boolean => type === 'StageChanged';

/** Whether a new model changed a lead's stage, by the fact before: what a lead does is always scored first. */
export const isOfModel = (before: LeadfoldEvent | undefined): boolean =>
  before?.type !== 'LeadScored' || before.data.cause === 'model';

/** The lead that a fact in a stream is about, if it is about one. */
export const leadOf = (fact: LeadfoldEvent & { readonly stream: string }): string | undefined =>
  fact.type === 'WorkItemOpened' ? fact.data.leadId : streamParts('lead', fact.stream)?.id;
