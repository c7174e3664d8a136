import { project } from '../../domain/projects/project.ts';
import type { ownershipStatuses } from '../../domain/routing/ownership-events.ts';
import { qualifiedTerm, sourceTerm, traitTerm } from '../../projections/lead-terms.ts';
import type { LeadDocument } from '../../projections/leads.ts';
import { leads as collection } from '../../projections/leads.ts';
import type { Condition, Page, QueryContext, Range, Sort } from '../queries.ts';
import { equal, viewsOf } from '../queries.ts';
import type { LeadSummary } from './lead-view.ts';
import { summaryOf } from './lead-view.ts';

/** What leads can be listed by. */
export const leadSorts = ['score', 'lastActivityAt', 'firstSeenAt'] as const;

type Conditions = readonly Condition<LeadDocument>[];
type RoutingStatus = (typeof ownershipStatuses)[number];

/** Which leads are asked for: all that fit. Times are ISO 8601. */
export type LeadFilters = {
  readonly stage?: string | undefined;
  readonly minScore?: number | undefined;
  readonly maxScore?: number | undefined;
  /** Whether the score reaches the qualification threshold. */
  readonly qualified?: boolean | undefined;
  readonly assignee?: string | undefined;
  readonly team?: string | undefined;
  readonly routing?: RoutingStatus | undefined;
  readonly source?: string | undefined;
  readonly firstSeenAfter?: string | undefined;
  readonly firstSeenBefore?: string | undefined;
  readonly lastActivityAfter?: string | undefined;
  readonly lastActivityBefore?: string | undefined;
  /** Values of traits by their paths. */
  readonly profile?: Readonly<Record<string, string>> | undefined;
  /** Begins a word of an identifier or of the profile. */
  readonly q?: string | undefined;
};

const has = (term: string | undefined): Conditions =>
  term === undefined ? [] : [{ field: 'terms', op: 'prefix', value: term }];

const bound = (field: 'score', op: 'gte' | 'lte', value: number | undefined): Conditions =>
  value === undefined ? [] : [{ field, op, value }];

/** Times are compared as texts, all in UTC. A lead that did nothing yet was not last active before any time. */
const between = (
  field: 'firstSeenAt' | 'lastActivityAt',
  from: string | undefined,
  to: string | undefined,
): Conditions => [
  ...(from === undefined ? [] : [{ field, op: 'gte', value: new Date(from).toISOString() } as const]),
  ...(to === undefined ? [] : [{ field, op: 'lt', value: new Date(to).toISOString() } as const]),
  ...(to === undefined || from !== undefined ? [] : [{ field, op: 'gt', value: '' } as const]),
];

/** Qualified leads that nobody is to have have an index of their own: of the leads with no routing they are few. */
const routed = ({ routing, qualified }: LeadFilters): Conditions =>
  routing === 'none' && qualified === true
    ? [{ field: 'unrouted', op: 'eq', value: 1 }]
    : [...equal('routing', routing), ...has(qualified === undefined ? undefined : qualifiedTerm(qualified))];

const conditionsOf = (filters: LeadFilters): Conditions => [
  ...equal('stage', filters.stage),
  ...equal('assignee', filters.assignee),
  ...equal('team', filters.team),
  ...routed(filters),
  ...bound('score', 'gte', filters.minScore),
  ...bound('score', 'lte', filters.maxScore),
  ...between('firstSeenAt', filters.firstSeenAfter, filters.firstSeenBefore),
  ...between('lastActivityAt', filters.lastActivityAfter, filters.lastActivityBefore),
  ...Object.entries(filters.profile ?? {}).flatMap(([trait, value]) => has(traitTerm(trait, value))),
  ...has(filters.source === undefined ? undefined : sourceTerm(filters.source)),
  ...has(filters.q?.toLowerCase()),
];

/** Makes the summaries of a project's leads as of now. */
const summarizing = async ({ states, clock }: QueryContext, projectId: string) => {
  const { model } = (await states.get(project, projectId)).state.scoring;
  const now = clock();
  return (doc: LeadDocument): LeadSummary => summaryOf(projectId, doc, model, now);
};

/** The order that leads are asked in. */
export type LeadOrder = {
  readonly field: (typeof leadSorts)[number];
  readonly direction: Sort<LeadDocument>['direction'];
};

/** A page of a project's leads. */
export const leads = async (
  context: QueryContext,
  projectId: string,
  { filters, order, range }: { readonly filters: LeadFilters; readonly order: LeadOrder; readonly range: Range },
): Promise<Page<LeadSummary>> => {
  const { readModels } = context;
  const page = await readModels.find(projectId, collection, { where: conditionsOf(filters), sort: [order], ...range });
  return viewsOf(page, await summarizing(context, projectId));
};

/** How many leads of a project there are, on all pages. It looks at all of them. */
export const leadCount = ({ readModels }: QueryContext, projectId: string, filters: LeadFilters): Promise<number> =>
  readModels.count(projectId, collection, conditionsOf(filters));

/** The leads of a project with the highest scores. */
export const leaderboard = async (context: QueryContext, projectId: string, limit: number) => {
  const order = { field: 'score', direction: 'desc' } as const;
  const { docs } = await leads(context, projectId, { filters: {}, order, range: { limit } });
  return docs.map((summary, index) => ({ rank: index + 1, ...summary }));
};
