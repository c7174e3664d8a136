import { activityOf, eventIdsOf } from '../../src/domain/lead/activities.ts';
import { findLead, findLeadBy } from '../../src/flows/resolve.ts';
import type { Capture } from '../../src/flows/capture-groups.ts';
import type { Identifier } from '../../src/domain/identity/identity.ts';
import { identifierKey } from '../../src/domain/identity/identity.ts';
import type { LeadEvent } from '../../src/domain/lead/lead-events.ts';
import { lead } from '../../src/domain/lead/lead.ts';
import { scorable } from '../../src/domain/lead/scorable.ts';
import { project } from '../../src/domain/projects/project.ts';
import { stageOf, inPoints, tally } from '../../src/domain/scoring/scoring.ts';
import { streamParts } from '../../src/domain/streams.ts';
import type { EventStore } from '../../src/eventstore/event-store.ts';
import { allFacts, engineOver } from './engine.ts';
import { projectId } from './facts.ts';
import { noon } from './noon.ts';

/** A lead as far as nobody's timing may change it. Its id is left out: who was first decides that. */
export type Person = {
  readonly identifiers: readonly string[];
  readonly activities: readonly string[];
  readonly score: number;
  readonly stage: string;
};

/** The living leads in a log, as read afresh, in the order of their identifiers. */
export const peopleIn = async (store: EventStore, identifiers: readonly Identifier[]): Promise<readonly Person[]> => {
  const { states } = engineOver(store);
  const { scoring } = (await states.get(project, projectId)).state;
  const people = new Map<string, Person & { identifiers: string[] }>();
  for (const identifier of identifiers) {
    const found = await findLeadBy(states, projectId, identifier);
    if (!found) continue;
    const { state } = found.lead;
    const score = inPoints(tally(scoring, scorable(state), noon.getTime()).score);
    const person = people.get(found.leadId) ?? {
      identifiers: [],
      activities: eventIdsOf(state.activities).sort(),
      score,
      stage: stageOf(scoring.model, score),
    };
    person.identifiers.push(identifierKey(identifier));
    people.set(found.leadId, person);
  }
  return [...people.values()];
};

/** What must never be in a log, whatever happened; empty when all is well. */
export const wrongsIn = async (store: EventStore): Promise<readonly string[]> => {
  const facts = (await allFacts(store)) as readonly (LeadEvent & { stream: string })[];
  const streams = [...Map.groupBy(facts, ({ stream }) => stream)].filter(([stream]) => stream.startsWith('lead-'));
  const { states } = engineOver(store);
  const { scoring } = (await states.get(project, projectId)).state;
  const wrongs: string[] = [];
  for (const [stream, events] of streams) {
    const wrong = (what: string): number => wrongs.push(`${stream}: ${what}`);
    const [first, ...rest] = events;
    if (first?.type !== 'LeadCaptured' && first?.type !== 'LeadMerged') wrong(`begins with ${first?.type}`);
    if (rest.some(({ type }) => type === 'LeadCaptured')) wrong('begins twice');
    if (events.slice(0, -1).some(({ type }) => type === 'LeadMerged')) wrong('goes on after it was merged');

    const seen = events.flatMap((event) =>
      event.type === 'ActivityRecorded' ? [event.data] : event.type === 'LeadAbsorbed' ? event.data.activities : [],
    );
    const twice = seen.filter(({ eventId }, at) => seen.findIndex((other) => other.eventId === eventId) !== at);
    if (twice.length > 0) wrong(`has ${twice.map(({ eventId }) => eventId).join()} twice`);

    const qualified = events.flatMap((event) => (event.type === 'LeadScored' ? [event.data.qualified] : []));
    if (!events.some(({ type }) => type === 'LeadAbsorbed')) {
      const crossings = qualified.filter((is, at) => is && !qualified[at - 1]).length;
      const said = events.filter(({ type }) => type === 'LeadQualified').length;
      if (crossings !== said) wrong(`crossed ${crossings} times and was qualified ${said} times`);
    }

    const leadId = streamParts('lead', stream)?.id ?? '';
    const { state } = await states.get(lead, `${projectId}.${leadId}`);
    const found = await findLead(states, projectId, leadId);
    if (!found) {
      wrong('leads to no lead');
    } else if (state.status === 'merged') {
      const survivor = found.lead.state;
      const lost = eventIdsOf(state.activities).filter((eventId) => !activityOf(survivor.activities, eventId));
      if (lost.length > 0) wrong(`merged, but its survivor lacks ${lost.join()}`);
      const unknown = [...state.identifiers.keys()].filter((key) => !survivor.identifiers.has(key));
      if (unknown.length > 0) wrong(`merged, but its survivor does not know ${unknown.join()}`);
    } else if (state.scored.model === scoring.version && scoring.model.engagement.every(({ decay }) => !decay)) {
      const { score } = tally(scoring, scorable(state), noon.getTime());
      if (state.scored.score !== inPoints(score)) wrong(`recorded ${state.scored.score}, is ${inPoints(score)}`);
      if (state.scored.stage !== stageOf(scoring.model, inPoints(score))) wrong(`is ${state.scored.stage}`);
    }
  }
  return wrongs;
};

/** Who is the same person and what they did, said without any of our own code: identifiers that came together, directly or not. */
export const expectedPeople = (captures: readonly Capture[]): readonly Omit<Person, 'score' | 'stage'>[] => {
  let groups: { identifiers: Set<string>; activities: Set<string> }[] = [];
  for (const { identifiers, activity } of captures) {
    const keys = identifiers.map(({ kind, value }) => `${kind}:${value}`);
    const mine = groups.filter((group) => keys.some((key) => group.identifiers.has(key)));
    groups = [
      ...groups.filter((group) => !mine.includes(group)),
      {
        identifiers: new Set([...keys, ...mine.flatMap((group) => [...group.identifiers])]),
        activities: new Set([activity.eventId, ...mine.flatMap((group) => [...group.activities])]),
      },
    ];
  }
  return groups
    .map((group) => ({ identifiers: [...group.identifiers].sort(), activities: [...group.activities].sort() }))
    .sort((a, b) => ((a.identifiers[0] ?? '') < (b.identifiers[0] ?? '') ? -1 : 1));
};
