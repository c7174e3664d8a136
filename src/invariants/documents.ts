import { z } from 'zod';
import { deadLetters } from '../projections/dead-letters.ts';
import type { HistoryEntry } from '../projections/history.ts';
import { history } from '../projections/history.ts';
import type { LeadDocument } from '../projections/leads.ts';
import { leads } from '../projections/leads.ts';
import type { MergedLead } from '../projections/merged-leads.ts';
import { mergedLeads } from '../projections/merged-leads.ts';
import type { WorkItemDocument } from '../projections/work-items.ts';
import { workItems } from '../projections/work-items.ts';
import type { Collection } from '../readmodels/collection.ts';
import type { Found } from './evidence.ts';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

// Documents are taken as they are: whether they fit is what is to be found out.
const asFound = <D>({ name }: Collection<D>): Collection<Found<D>> => ({
  name,
  indexes: [],
  document: z.custom<Found<D>>(isObject),
});

/** The documents that are compared with the log. How far these are is what is waited for, so all that is looked at is here. */
export const documents = {
  leads: asFound<LeadDocument>(leads),
  entries: asFound<HistoryEntry>(history),
  merged: asFound<MergedLead>(mergedLeads),
  work: asFound<WorkItemDocument>(workItems),
  failed: deadLetters,
} as const;
