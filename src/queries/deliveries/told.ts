import { LRUCache } from 'lru-cache';
import { testType, toldIdOf } from '../../domain/deliveries/told.ts';
import type { Told } from '../../domain/deliveries/told.ts';
import { dependsOnBefore, isOfModel, leadOf, toldTypeOf } from '../../domain/deliveries/told-facts.ts';
import type { LeadfoldEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/lead/activity.ts';
import type { Because, LeadEvent } from '../../domain/lead/lead-events.ts';
import type { LeadState } from '../../domain/lead/lead.ts';
import { lead } from '../../domain/lead/lead.ts';
import { traitsOf } from '../../domain/lead/scorable.ts';
import { ownershipEvents } from '../../domain/routing/ownership-events.ts';
import { leadStreamId, projectOfStream, streamParts } from '../../domain/streams.ts';
import type { States } from '../../engine/states.ts';
import type { Recorded } from '../../eventstore/event-store.ts';

type AsOf = { readonly state: LeadState; readonly revision: number };

/** What telling of facts works with: the log, and the leads that were told of last, so that each is not folded for each fact. */
export type ToldContext = {
  readonly states: Pick<States, 'known' | 'read' | 'pages'>;
  readonly leads: Pick<LRUCache<string, AsOf>, 'get' | 'set'>;
};

/** Of how many leads it is remembered how they were when they were last told of. */
const remembered = 500;

export const toldContext = (states: ToldContext['states']): ToldContext => ({
  states,
  leads: new LRUCache<string, AsOf>({ maxSize: remembered, sizeCalculation: () => 1 }),
});

/** How many facts are looked at for what they did to a lead since then, before it is rather folded once more. */
const lookedBack = 100;

/** Facts that leave as it was what is told of each lead. */
const neutral: ReadonlySet<string> = new Set([
  ...Object.keys(ownershipEvents),
  ...['LeadQualified', 'LinkRefused', 'IdentityConflict', 'ProfileUpdated'],
]);

type FactPlace = Pick<Recorded, 'stream' | 'revision'>;

/** A lead as it is in memory, if that is not long after a revision, and how many facts came since. */
const inMemory = ({ states }: ToldContext, { stream, revision }: FactPlace) => {
  const { projectId = '', id = '' } = streamParts('lead', stream) ?? {};
  const known = states.known(lead, leadStreamId(projectId, id));
  const more = known ? known.revision - revision : -1;
  return known && more >= 0 && more <= lookedBack ? { known, more } : undefined;
};

/** A lead as it is in memory, if that is what it was at a revision as far as that is told. */
const fromMemory = async (
  context: ToldContext,
  place: FactPlace,
  later: readonly Recorded[],
): Promise<LeadState | undefined> => {
  const found = inMemory(context, place);
  if (!found) return undefined;
  const { known, more } = found;
  const since =
    later.length >= more ? later.slice(0, more) : await context.states.read(place.stream, place.revision, more);
  const all = more === 0 || since.at(-1)?.revision === known.revision;
  return all && since.every(({ type }) => neutral.has(type)) ? known.state : undefined;
};

/**
 * The fact at a place, and behind it those that came since, as far as its lead is in memory: to tell of it takes them all. None when
 * the log does not have it.
 */
export const factsAt = async (place: FactPlace, context: ToldContext): Promise<readonly Recorded[]> => {
  const { stream, revision } = place;
  const facts = await context.states.read(stream, revision - 1, 1 + (inMemory(context, place)?.more ?? 0));
  return facts[0]?.revision === revision ? facts : [];
};

/** A lead as it was at a revision; undefined when the log does not have that. */
const leadAt = async (
  context: ToldContext,
  { stream, revision }: FactPlace,
  later: readonly Recorded[],
): Promise<LeadState | undefined> => {
  const held = context.leads.get(stream);
  if (held?.revision === revision) return held.state;
  const atHand = await fromMemory(context, { stream, revision }, later);
  if (atHand) return atHand;
  let asOf = held && held.revision < revision ? held : { state: lead.initial, revision: -1 };
  for await (const facts of context.states.pages<LeadEvent>(stream, asOf.revision)) {
    for (const fact of facts) {
      if (fact.revision > revision) break;
      asOf = { state: lead.evolve(asOf.state, fact), revision: fact.revision };
    }
    if ((facts.at(-1)?.revision ?? revision) >= revision) break;
  }
  if (asOf.revision < revision) return undefined;
  context.leads.set(stream, asOf);
  return asOf.state;
};

const asTold = ({ rule, points, eventId }: Because): JsonObject => ({
  rule,
  points,
  ...(eventId !== undefined && { eventId }),
});

/** What a fact itself says of what it is about. */
const saidBy = (fact: LeadfoldEvent): JsonObject => {
  switch (fact.type) {
    case 'LeadCaptured':
      return { identifier: fact.data.identifier };
    case 'LeadScored':
      return { delta: fact.data.delta, because: fact.data.because.map(asTold) };
    case 'StageChanged':
      return { from: fact.data.from, to: fact.data.to };
    case 'LeadQualified': {
      const { threshold, factors, count } = fact.data;
      return { threshold, factors: factors.map(asTold), count };
    }
    case 'LeadAbsorbed':
      return { from: fact.data.from };
    case 'LeadAssigned': {
      const { repId, teamId, rule, because } = fact.data;
      return { repId, teamId, ...(rule !== undefined && { rule }), because };
    }
    case 'LeadAccepted':
      return { repId: fact.data.repId, tookMs: fact.data.tookMs };
    case 'RoutingFailed':
      return { reason: fact.data.reason, workId: fact.data.workId };
    case 'ResponseOverdue':
      return { repId: fact.data.repId, dueAt: fact.data.dueAt };
    case 'LeadClosed': {
      const { outcome, reason, value } = fact.data;
      return { outcome, reason, ...(value !== undefined && { value }) };
    }
    case 'WorkItemOpened': {
      const { workId, kind, leadId, dueAt } = fact.data;
      return { workId, kind, ...(leadId !== undefined && { leadId }), dueAt };
    }
    default:
      return {};
  }
};

const aboutLead = (leadId: string, state: LeadState): JsonObject => ({
  leadId,
  score: state.scored.score,
  stage: state.scored.stage,
  identifiers: [...state.identifiers.values()].map(({ kind, value }) => ({ kind, value })),
  profile: traitsOf(state),
});

const tell = async (
  fact: Recorded<LeadfoldEvent>,
  context: ToldContext,
  later: readonly Recorded[],
): Promise<Told | undefined> => {
  const type = toldTypeOf(fact);
  if (type === undefined) return undefined;
  const { stream, revision, position } = fact;
  if (dependsOnBefore(fact)) {
    const [before] = await context.states.read<LeadfoldEvent>(stream, revision - 2, 1);
    if (isOfModel(before)) return undefined;
  }
  const told = { id: toldIdOf(fact.id, type), type, timestamp: fact.recordedAt.toISOString() };
  const projectId = projectOfStream(stream);
  if (!type.startsWith('lead.')) return { ...told, position, data: { projectId, ...saidBy(fact) } };
  const state = await leadAt(context, fact, later);
  if (!state) return undefined;
  const data = { projectId, ...aboutLead(leadOf(fact) ?? '', state), ...saidBy(fact) };
  return { ...told, sequence: revision, position, data };
};

// Method syntax, so that it takes what the log gives: the store has checked its shape.
const telling: {
  tell(fact: Recorded, context: ToldContext, later: readonly Recorded[]): Promise<Told | undefined>;
} = { tell };

/**
 * What is told of a fact, made of it and of its lead as it was then; undefined where nobody is told of it, or the log no longer has
 * that. For several facts of a lead it costs the least in their order. `later` are those that came after it in its stream, where
 * they are at hand: see `factsAt`.
 */
export const toldOf = (
  fact: Recorded,
  context: ToldContext,
  later: readonly Recorded[] = [],
): Promise<Told | undefined> => telling.tell(fact, context, later);

/** What an endpoint is told to try it. */
export const toldToTry = (
  toldId: string,
  { projectId, endpointId }: { readonly projectId: string; readonly endpointId: string },
  { at, position }: { readonly at: string; readonly position: number },
): Told => ({ id: toldId, type: testType, timestamp: at, position, data: { projectId, endpointId } });
