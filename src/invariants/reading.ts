import { z } from 'zod';
import type { LeadState } from '../domain/lead/lead.ts';
import type { HistoryEntry } from '../projections/history.ts';
import { history } from '../projections/history.ts';
import type { LeadDocument } from '../projections/leads.ts';
import { leads } from '../projections/leads.ts';
import type { MergedLead } from '../projections/merged-leads.ts';
import { mergedLeads } from '../projections/merged-leads.ts';
import type { Collection } from '../readmodels/read-models.ts';
import type { WorkItemDocument } from '../projections/work-items.ts';
import { workItems } from '../projections/work-items.ts';
import { pages, pagesIn } from './pages.ts';
import type { Part } from './parts.ts';
import type { PoolView } from './pool-view.ts';
import type { Found, Models, LeadEvidence } from './evidence.ts';
import { leadEvidence } from './evidence.ts';
import type { LeadKey, Stores } from './streams.ts';
import { absorbedAt, factsOf, nameOf, takenOverBy } from './streams.ts';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

// Documents are taken as they are: whether they fit is what is to be found out.
const asFound = <D>({ name }: Collection<D>): Collection<Found<D>> => ({
  name,
  indexes: [],
  document: z.custom<Found<D>>(isObject),
});
const foundLeads = asFound<LeadDocument>(leads);
const foundEntries = asFound<HistoryEntry>(history);
const foundMerged = asFound<MergedLead>(mergedLeads);
const foundWork = asFound<WorkItemDocument>(workItems);

/** A lead's document and its entries in the history. */
export type Documents = {
  readonly leadId: string;
  readonly document: Found<LeadDocument> | undefined;
  readonly entries: readonly Found<HistoryEntry>[];
};

type History = Omit<Documents, 'document'>;

const timeOf = ({ occurredAt }: Found<HistoryEntry>): string => String(occurredAt);

/** As a lead's history is listed: by when it occurred, then by id. The entries come in the order of their ids. */
const listed = ({ leadId, entries }: History): History => ({
  leadId,
  entries: entries.toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : 0)),
});

/** The histories of a project as they lie: an entry's id begins with the lead's. */
async function* histories(stores: Stores, projectId: string, part: Part): AsyncGenerator<History> {
  let group: { readonly leadId: string; readonly entries: Found<HistoryEntry>[] } | undefined;
  // To have the database sort by lead and time costs as much again as all the reading.
  for await (const entries of pagesIn(stores, projectId, foundEntries, part)) {
    for (const entry of entries) {
      const leadId = String(entry.leadId);
      if (group?.leadId !== leadId) {
        if (group) yield listed(group);
        group = { leadId, entries: [] };
      }
      group.entries.push(entry);
    }
  }
  if (group) yield listed(group);
}

/** The same with those apart that lie where another lead's belong: none may be before a smaller one. */
async function* inOrder(all: AsyncIterable<History>): AsyncGenerator<History & { readonly astray: boolean }> {
  let before: History | undefined;
  for await (const next of all) {
    if (before) yield { ...before, astray: before.leadId > next.leadId };
    before = next;
  }
  if (before) yield { ...before, astray: false };
}

/** All that the read models have of a part of a project's leads, in the order of their ids: documents with their histories, and histories alone. */
export async function* documentsOf(
  stores: Stores,
  projectId: string,
  part: Part,
): AsyncGenerator<readonly Documents[]> {
  const rest = inOrder(histories(stores, projectId, part));
  let next = await rest.next();
  for await (const docs of pagesIn(stores, projectId, foundLeads, part)) {
    const found: Documents[] = [];
    for (const document of docs) {
      const leadId = String(document.leadId);
      while (!next.done && (next.value.astray || next.value.leadId < leadId)) {
        found.push({ leadId: next.value.leadId, entries: next.value.entries, document: undefined });
        next = await rest.next();
      }
      const own = !next.done && next.value.leadId === leadId ? next.value.entries : undefined;
      if (own) next = await rest.next();
      found.push({ leadId, document, entries: own ?? [] });
    }
    yield found;
  }
  for (; !next.done; next = await rest.next()) {
    yield [{ leadId: next.value.leadId, entries: next.value.entries, document: undefined }];
  }
}

/** Which of some ids the read models know as a lead, and where they say that others lead. By `nameOf`. */
export const known = async ({ readModels }: Stores, keys: readonly LeadKey[]) => {
  const asked = keys.map(({ projectId, leadId }) => ({ project: projectId, id: leadId }));
  const [living, merged] = await Promise.all([readModels.load(foundLeads, asked), readModels.load(foundMerged, asked)]);
  const there = living.filter(({ id, doc }) => doc?.leadId === id);
  return {
    living: new Set(there.map(({ project, id }) => nameOf({ projectId: project, leadId: id }))),
    merged: new Map(
      merged.flatMap(({ project, id, doc }) => (doc ? [[nameOf({ projectId: project, leadId: id }), doc.into]] : [])),
    ),
  };
};

type When = { readonly until: number; readonly models: Models; readonly pool: PoolView };

/** The work items of a lead that waits. */
const workOf = async ({ readModels }: Stores, projectId: string, { ownership }: LeadState) => {
  if (ownership.status !== 'waiting' && ownership.status !== 'approval') return undefined;
  const keys = ownership.workIds.map((id) => ({ project: projectId, id }));
  const found = await readModels.load(foundWork, keys);
  const isOpen = (status: unknown): boolean => status === 'open' || status === 'claimed';
  return {
    open: found.some(({ doc }) => isOpen(doc?.status)),
    position: Math.max(-1, ...found.map(({ position }) => position)),
  };
};

/** A lead whose documents were read already, when the read models had everything until a position. */
export const evidenceBeside = async (
  stores: Stores,
  projectId: string,
  documents: Documents,
  { until, models, pool }: When,
): Promise<LeadEvidence> => {
  const facts = await factsOf(stores, { projectId, leadId: documents.leadId });
  const read = leadEvidence({ projectId, ...documents, until, models, facts, takenOver: [] });
  const work = await workOf(stores, projectId, read.state);
  const evidence = { ...read, routing: { ...pool.of(documents.leadId, read.state.ownership.workIds), work } };
  if (evidence.state.absorbed.size === 0) return evidence;
  return { ...evidence, takenOver: await takenOverBy(stores, projectId, evidence.state) };
};

/** A lead with all that there is of it, looked up by its id. */
export const evidenceOf = async (stores: Stores, key: LeadKey, when: When): Promise<LeadEvidence> => {
  const { projectId, leadId } = key;
  const asked = [{ project: projectId, id: leadId }];
  const [stored] = await stores.readModels.load(foundLeads, asked);
  const [merged] = await stores.readModels.load(foundMerged, asked);
  const entries: Found<HistoryEntry>[] = [];
  const where = [{ field: 'leadId', op: 'eq', value: leadId }] as const;
  const sort = [{ field: 'occurredAt', direction: 'asc' }] as const;
  for await (const some of pages(stores, projectId, foundEntries, { where, sort })) entries.push(...some);
  const evidence = await evidenceBeside(stores, projectId, { leadId, document: stored?.doc, entries }, when);
  const into = evidence.merged?.data.into;
  const arrived = into === undefined ? undefined : await absorbedAt(stores, key, into);
  return { ...evidence, closer: { mergedLead: merged?.doc, absorbedAt: arrived } };
};

/** How many ids the read models say were merged. */
export const mergedCount = ({ readModels }: Stores, projectId: string): Promise<number> =>
  readModels.count(projectId, foundMerged, []);
