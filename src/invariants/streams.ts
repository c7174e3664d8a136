import type { LeadEvent } from '../domain/lead/lead-events.ts';
import { lead } from '../domain/lead/lead.ts';
import { activityOf, eventIdsOf } from '../domain/lead/activities.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { routingBrought } from '../domain/routing/ownership-merge.ts';
import { project } from '../domain/projects/project.ts';
import type { ProjectEvent } from '../domain/projects/project.ts';
import { defaultModel } from '../domain/scoring/default-model.ts';
import type { PublishedModel } from '../domain/scoring/published-model.ts';
import { isStreamOf, leadStreamId, streamOf } from '../domain/streams.ts';
import type { EventStore, Filter, Recorded } from '../eventstore/event-store.ts';
import { streamPages } from '../eventstore/page.ts';
import type { Checkpoints } from '../readmodels/checkpoints.ts';
import type { Documents } from '../readmodels/documents.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { Fact, Models, LeadEvidence, TakenOver } from './evidence.ts';

/** What a check reads from, and never writes to. */
export type Stores = {
  readonly store: Pick<EventStore, 'read' | 'at' | 'follow' | 'head'>;
  readonly readModels: Queries & Pick<Documents, 'load'> & Pick<Checkpoints, 'checkpoint' | 'standing'>;
};

/** Which lead is meant. */
export type LeadKey = { readonly projectId: string; readonly leadId: string };

/** A lead's key as one text. */
export const nameOf = ({ projectId, leadId }: LeadKey): string => leadStreamId(projectId, leadId);

// The store has checked the shapes: what is in a lead's stream are a lead's facts.
const isOfLead = (event: Recorded): event is Fact => isStreamOf('lead', event.stream);
const isOfProject = (event: Recorded): event is Recorded<ProjectEvent> => isStreamOf('project', event.stream);

/** The facts of a lead. */
export const factsOf = async ({ store }: Stores, key: LeadKey): Promise<readonly Fact[]> => {
  const facts: Fact[] = [];
  for await (const page of streamPages(store, streamOf('lead', nameOf(key)))) facts.push(...page.filter(isOfLead));
  return facts;
};

/** Reads the log from one position to another, a batch at a time. */
export async function* stretchOf<E extends LeadEvent | ProjectEvent>(
  { store }: Stores,
  [from, to]: readonly [number, number],
  filter: Filter,
): AsyncGenerator<readonly Recorded<E>[]> {
  if (to <= from) return;
  const end = new AbortController();
  // The store has checked the shapes, and the filter names the types.
  const wanted = (event: Recorded): event is Recorded<E> => event.position <= to;
  for await (const { events, position } of store.follow(from, end.signal, filter)) {
    yield events.filter(wanted);
    if (position >= to) end.abort();
  }
}

/** The scoring models of a project, with those published by now. */
export const modelsOf = async ({ store }: Stores, projectId: string): Promise<Models> => {
  const models = new Map<number, PublishedModel>([[1, { version: 1, model: defaultModel }]]);
  let { initial: state } = project;
  for await (const page of streamPages(store, streamOf('project', projectId))) {
    for (const event of page.filter(isOfProject)) {
      state = project.evolve(state, event);
      models.set(state.scoring.version, state.scoring);
    }
  }
  return { newest: state.scoring.version, of: (version) => models.get(version) };
};

/** What a lead says that it took over from others, and they from others, and has not. */
export const takenOverBy = async (
  stores: Stores,
  projectId: string,
  state: LeadState,
): Promise<LeadEvidence['takenOver']> => {
  const taken: TakenOver[] = [];
  const left = [...state.absorbed];
  const visited = new Set(left);
  for (let from = left.pop(); from !== undefined; from = left.pop()) {
    const facts = await factsOf(stores, { projectId, leadId: from });
    const gone = facts.reduce(lead.evolve, lead.initial);
    const missing = eventIdsOf(gone.activities).filter((eventId) => !activityOf(state.activities, eventId));
    taken.push({ from, missing, routing: routingBrought(gone.ownership) });
    for (const before of gone.absorbed) if (!visited.has(before)) left.push(before);
    for (const before of gone.absorbed) visited.add(before);
  }
  return taken;
};

/** Where the last of what a merged lead had arrived at a lead on its way; undefined when it did not. */
export const absorbedAt = async (
  stores: Stores,
  { projectId, leadId }: LeadKey,
  into: string,
): Promise<number | undefined> => {
  const visited = new Set([leadId]);
  for (let id: string | undefined = into; id !== undefined && !visited.has(id);) {
    visited.add(id);
    const facts = await factsOf(stores, { projectId, leadId: id });
    const last = facts.find((fact) => fact.type === 'LeadAbsorbed' && fact.data.from === leadId && fact.data.last);
    if (last) return last.position;
    id = facts.find((fact) => fact.type === 'LeadMerged')?.data.into;
  }
  return undefined;
};
