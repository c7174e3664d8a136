import { z } from 'zod';
import { ownershipStatuses } from '../../domain/routing/ownership-events.ts';
import { qualifiedTerm, sourceTerm, traitTerm } from '../../projections/lead-terms.ts';
import type { LeadDocument } from '../../projections/leads.ts';
import type { Condition, Sort } from '../../readmodels/queries.ts';
import { paging } from '../http/paging.ts';

const sorts = ['score', 'lastActivityAt', 'firstSeenAt'] as const;

/** How many traits a list is filtered by at most. */
const mostTraits = 5;

const time = (what: string) => z.iso.datetime({ offset: true }).optional().describe(what);
const yesOrNo = z.enum(['true', 'false']).optional();

const profile = z
  .record(z.string().min(1).max(256), z.string().trim().min(1).max(256))
  .refine((traits) => Object.keys(traits).length <= mostTraits, `A list is filtered by ${mostTraits} traits at most`)
  .optional()
  .describe(
    'As `profile.country=DE`: leads whose trait has that value, or a list with it. Case does not count; a path such as ' +
      '`profile.address.city` leads into objects',
  );

const listed = z.object({
  stage: z.string().min(1).max(64).optional(),
  minScore: z.coerce.number().optional(),
  maxScore: z.coerce.number().optional(),
  qualified: yesOrNo.describe('Whether the score reaches the qualification threshold'),
  assignee: z.string().min(1).max(256).optional().describe('The rep who has it'),
  team: z.string().min(1).max(64).optional(),
  routing: z.enum(ownershipStatuses).optional(),
  source: z.string().min(1).max(64).optional().describe('A way in by which some of its activities came'),
  firstSeenAfter: time('First seen at that time or later'),
  firstSeenBefore: time('First seen before that time'),
  lastActivityAfter: time('Last active at that time or later'),
  lastActivityBefore: time('Last active before that time'),
  profile,
  q: z.string().trim().min(1).max(256).optional().describe('Begins a word of an identifier or of the profile'),
  sort: z.enum(sorts.flatMap((field) => [field, `-${field}`] as const)).default('-score'),
  count: yesOrNo.describe('With `true` the answer has the `total`'),
  ...paging,
});

/** What a list of leads may be asked. There is no index for that order, and every lead may have the same status. */
export const leadQuery = listed.refine(
  ({ routing, team, assignee, sort }) =>
    routing === undefined || team !== undefined || assignee !== undefined || !sort.endsWith('lastActivityAt'),
  { path: ['sort'], error: 'Leads of a routing status come by score or firstSeenAt; name a team or an assignee too' },
);
type Query = z.infer<typeof leadQuery>;
type Conditions = readonly Condition<LeadDocument>[];

/** The order that a list is asked in. */
export const orderOf = (sort: Query['sort']): Sort<LeadDocument> => ({
  field: sorts.find((each) => sort.endsWith(each)) ?? 'score',
  direction: sort.startsWith('-') ? 'desc' : 'asc',
});

const is = (field: 'stage' | 'assignee' | 'team' | 'routing', value: string | undefined): Conditions =>
  value === undefined ? [] : [{ field, op: 'eq', value }];

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
const routed = (routing: Query['routing'], qualified: Query['qualified']): Conditions =>
  routing === 'none' && qualified === 'true'
    ? [{ field: 'unrouted', op: 'eq', value: 1 }]
    : [...is('routing', routing), ...has(qualified === undefined ? undefined : qualifiedTerm(qualified === 'true'))];

/** The conditions of what a list is asked. */
export const conditionsOf = (query: Omit<Query, 'limit' | 'cursor' | 'sort' | 'count'>): Conditions => [
  ...is('stage', query.stage),
  ...is('assignee', query.assignee),
  ...is('team', query.team),
  ...routed(query.routing, query.qualified),
  ...bound('score', 'gte', query.minScore),
  ...bound('score', 'lte', query.maxScore),
  ...between('firstSeenAt', query.firstSeenAfter, query.firstSeenBefore),
  ...between('lastActivityAt', query.lastActivityAfter, query.lastActivityBefore),
  ...Object.entries(query.profile ?? {}).flatMap(([trait, value]) => has(traitTerm(trait, value))),
  ...has(query.source === undefined ? undefined : sourceTerm(query.source)),
  ...has(query.q?.toLowerCase()),
];
