import type { Event } from '../event.ts';
import type { LeadfoldEvent } from '../events.ts';
import { streamParts } from '../streams.ts';
import type { ToldType } from './told.ts';

/** As what each type of facts is told that is told of. */
const names = {
  LeadCaptured: 'lead.captured',
  LeadScored: 'lead.scored',
  StageChanged: 'lead.stage_changed',
  LeadQualified: 'lead.qualified',
  LeadAbsorbed: 'lead.merged',
  LeadAssigned: 'lead.assigned',
  LeadAccepted: 'lead.accepted',
  RoutingFailed: 'lead.routing_failed',
  ResponseOverdue: 'lead.response_overdue',
  LeadClosed: 'lead.closed',
  WorkItemOpened: 'work_item.opened',
} as const satisfies Partial<Record<LeadfoldEvent['type'], ToldType>>;

type ToldFact = Extract<LeadfoldEvent, { type: keyof typeof names }>;

const isToldFact = (fact: LeadfoldEvent): fact is ToldFact => Object.hasOwn(names, fact.type);
const entries = Object.entries(names);

/** The types of facts that are told of. */
export const toldFacts: readonly string[] = entries.map(([type]) => type);

/** The types of facts that are told as one of these. */
export const factsToldAs = (types: readonly ToldType[]): readonly string[] =>
  entries.filter(([, name]) => types.includes(name)).map(([type]) => type);

const isTold = (fact: ToldFact): boolean => {
  switch (fact.type) {
    case 'LeadScored':
      // Nobody is told what a new model makes of leads: it may be all of them at once.
      return fact.data.cause !== 'model';
    case 'LeadQualified':
      return !fact.data.quiet;
    case 'LeadAbsorbed':
      // A long lead is taken over in parts, of which the last one ends it.
      return fact.data.last;
    case 'LeadClosed':
      // How a merged lead had been closed was told when it was.
      return fact.data.from === undefined;
    default:
      return true;
  }
};

/**
 * As what a fact is told, if it is. A stage that changed is told unless a new model did that, as the fact before it in its
 * stream says: see `isOfModel`.
 */
export const toldTypeOf = (fact: LeadfoldEvent): ToldType | undefined =>
  isToldFact(fact) && isTold(fact) ? names[fact.type] : undefined;

/** Whether the fact before has to say if a fact is told. */
export const dependsOnBefore = ({ type }: Pick<Event, 'type'>): boolean => type === 'StageChanged';

/** Whether a new model changed a lead's stage, by the fact before: what a lead does is always scored first. */
export const isOfModel = (before: LeadfoldEvent | undefined): boolean =>
  before?.type !== 'LeadScored' || before.data.cause === 'model';

/** The lead that a fact in a stream is about, if it is about one. */
export const leadOf = (fact: LeadfoldEvent & { readonly stream: string }): string | undefined =>
  fact.type === 'WorkItemOpened' ? fact.data.leadId : streamParts('lead', fact.stream)?.id;
