import { LRUCache } from 'lru-cache';
import type { DeliveryEvent } from '../domain/deliveries/delivery.ts';
import type { EndpointsState } from '../domain/deliveries/endpoints.ts';
import { endpointEvents, endpoints } from '../domain/deliveries/endpoints.ts';
import type { ToldType } from '../domain/deliveries/told.ts';
import { deliveryIdOf, toldIdOf, wants } from '../domain/deliveries/told.ts';
import { dependsOnBefore, isOfModel, leadOf, toldFacts, toldTypeOf } from '../domain/deliveries/told-facts.ts';
import type { Event } from '../domain/event.ts';
import { isStreamOf, projectOfStream, streamOf, streamsOf } from '../domain/streams.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import { wanting } from '../eventstore/event-store.ts';
import type { Registers } from '../readmodels/registers.ts';
import type { Derive, Facts } from './derive.ts';

/** That an endpoint is told of a fact. It is recorded nowhere: it follows from the fact and from what the endpoint was then. */
export type DeliveryDue = Event<
  'DeliveryDue',
  {
    readonly projectId: string;
    readonly endpointId: string;
    readonly deliveryId: string;
    readonly toldId: string;
    readonly type: ToldType;
    readonly leadId: string | undefined;
  }
>;

/** What deliveries are made of: that they are due, and what came of them. */
export type DeliveryFact = DeliveryDue | DeliveryEvent;

/** The endpoints of a project as of a position, and what changes about them after it. */
type Known = { readonly state: EndpointsState; readonly ahead: readonly Recorded[]; readonly end: number };

/** Of how many projects it is known which endpoints they have; each endpoint counts as a project. */
const remembered = 20_000;

// Method syntax, so that what is known of Leadfold's facts takes what the log gives: the store has checked their shapes.
type Telling = {
  toldTypeOf(fact: Event): ToldType | undefined;
  dependsOnBefore(fact: Event): boolean;
  isOfModel(before: Event | undefined): boolean;
  leadOf(fact: Event & { readonly stream: string }): string | undefined;
};
const telling: Telling = { toldTypeOf, dependsOnBefore, isOfModel, leadOf };
const evolving: { evolve(state: EndpointsState, fact: Event): EndpointsState } = endpoints;

const load = async (store: Facts, projectId: string): Promise<Known> => {
  const stream = streamOf(endpoints.name, projectId);
  const ahead: Recorded[] = [];
  for (let page = await store.read(stream); ; page = await store.read(stream, ahead.at(-1)?.revision)) {
    ahead.push(...page.events);
    if (!page.more) return { state: endpoints.initial, ahead, end: ahead.at(-1)?.position ?? 0 };
  }
};

/** As it was when the facts before a position had been recorded. */
const advanced = (known: Known, position: number): Known => {
  const count = known.ahead.findIndex((fact) => fact.position >= position);
  const passed = count < 0 ? known.ahead : known.ahead.slice(0, count);
  if (passed.length === 0) return known;
  const state = passed.reduce((before, fact) => evolving.evolve(before, fact), known.state);
  return { ...known, state, ahead: known.ahead.slice(passed.length) };
};

/** The endpoints of projects as of a position, which is a later one each time until all is forgotten. */
export const endpointsAsOf = (store: Facts) => {
  const projects = new LRUCache<string, Known>({
    maxSize: remembered,
    sizeCalculation: ({ state, ahead }) => 1 + state.endpoints.size + ahead.length,
  });
  return {
    of: async (projectId: string, position: number): Promise<EndpointsState> => {
      const known = projects.get(projectId);
      const now = advanced(known ?? (await load(store, projectId)), position);
      if (now !== known) projects.set(projectId, now);
      return now.state;
    },
    /** Takes in a fact of a project's endpoints, which may be known already. */
    note: (fact: Recorded): void => {
      const projectId = projectOfStream(fact.stream);
      const known = projects.get(projectId);
      if (!known || fact.position <= known.end) return;
      projects.set(projectId, { ...known, ahead: [...known.ahead, fact], end: fact.position });
    },
    forget: (): void => projects.clear(),
  };
};

/** The fact before one in its stream: out of those at hand, or of the store. */
const beforeIn = async (store: Facts, { stream, revision }: Recorded, last: Recorded | undefined) => {
  if (last?.stream === stream && last.revision === revision - 1) return last;
  const { events } = await store.read(stream, revision - 2, 1);
  return events[0]?.revision === revision - 1 ? events[0] : undefined;
};

/** As what a fact is told, if it is; `last` is the one before it in the log, as far as that is at hand. */
export const toldAs = async (store: Facts, fact: Recorded, last?: Recorded): Promise<ToldType | undefined> => {
  const type = telling.toldTypeOf(fact);
  if (type === undefined || !telling.dependsOnBefore(fact)) return type;
  const before = await beforeIn(store, fact, last);
  return telling.isOfModel(before) ? undefined : type;
};

/** The endpoints that are told of facts of a type. */
const tellingOf = (state: EndpointsState, type: ToldType): readonly string[] =>
  [...state.endpoints.values()].flatMap(({ endpointId, disabled, types }) =>
    !disabled && wants(types, type) ? [endpointId] : [],
  );

/** The deliveries that a fact makes, by the endpoints as they were then. */
export const dueTo = (state: EndpointsState, fact: Recorded, type: ToldType): readonly Recorded<DeliveryDue>[] => {
  const [projectId, leadId, toldId] = [projectOfStream(fact.stream), telling.leadOf(fact), toldIdOf(fact.id, type)];
  return tellingOf(state, type).map((endpointId) => {
    const data = { projectId, endpointId, deliveryId: deliveryIdOf(endpointId, toldId), toldId, type, leadId };
    return { ...fact, type: 'DeliveryDue', data };
  });
};

/** What endpoints are told of so often that it is read only once an endpoint asked for it. */
const frequent: readonly string[] = ['LeadCaptured', 'LeadScored'];
const always = [
  ...(['EndpointAdded', 'EndpointChanged', 'EndpointRemoved', 'EndpointDisabled', 'EndpointEnabled'] as const),
  ...(['DeliveryAttempted', 'DeliveryRequested', 'DeliveryForgotten'] as const),
];

/** Which facts are read while there never was an endpoint, none that asked for what is frequent, and else. */
const followed: readonly (readonly string[])[] = [
  always,
  [...always, ...toldFacts.filter((type) => !frequent.includes(type))],
  [...always, ...toldFacts],
];
const streams = [streamsOf('lead'), streamsOf('work'), streamsOf('endpoints'), streamsOf('delivery')];

const settings = endpointEvents.EndpointAdded.pick({ types: true });

/** How much has to be read from a fact on: one that adds or changes an endpoint says what it is told of. */
const levelAfter = ({ type, data }: Event): number => {
  if (type !== 'EndpointAdded' && type !== 'EndpointChanged') return 0;
  const { types } = settings.strip().parse(data);
  return wants(types, 'lead.captured') || wants(types, 'lead.scored') ? 2 : 1;
};

/**
 * Puts in the place of each fact that endpoints are told of the deliveries which that makes, and leaves what came of deliveries.
 * The same facts give the same, whenever they are read and however often. How much is read is kept in a register, which grows:
 * until there is an endpoint no lead's fact is.
 */
const deriving = (store: Facts, registers: Registers): Derive => {
  const known = endpointsAsOf(store);
  const isTold = wanting({ types: toldFacts });
  let [reached, level] = [0, 0];

  const madeOf = async (fact: Recorded, last: Recorded | undefined): Promise<readonly Recorded[]> => {
    if (isStreamOf('delivery', fact.stream)) return [fact];
    if (isStreamOf('endpoints', fact.stream)) known.note(fact);
    if (!isTold(fact)) return [];
    const state = await known.of(projectOfStream(fact.stream), fact.position);
    const type = telling.toldTypeOf(fact);
    // What nobody wants is not looked at any further.
    if (type === undefined || tellingOf(state, type).length === 0) return [];
    return (await toldAs(store, fact, last)) === undefined ? [] : dueTo(state, fact, type);
  };

  const all = async (facts: readonly Recorded[]): Promise<readonly Recorded[]> => {
    const made: Recorded[] = [];
    for (const [index, fact] of facts.entries()) made.push(...(await madeOf(fact, facts[index - 1])));
    return made;
  };

  return {
    filter: async () => {
      level = await registers.register('told');
      return { streams, types: followed[level] ?? always };
    },
    from: async (batch) => {
      const [first] = batch.events;
      // What comes again may be of a log that was put back.
      if (first && first.position <= reached) known.forget();
      const end = batch.events.findIndex((fact) => levelAfter(fact) > level);
      const last = batch.events[end];
      reached = last?.position ?? batch.position;
      if (!last) return { ...batch, events: await all(batch.events) };
      await registers.raise('told', levelAfter(last));
      const { id, stream, revision, position } = last;
      const events = await all(batch.events.slice(0, end + 1));
      return { ...batch, events, position, last: { id, stream, revision, position }, again: true };
    },
  };
};

/** The facts that deliveries follow from, and how. */
export const fromDeliveries = { streams, derives: { types: [...always, ...toldFacts], from: deriving } } as const;
