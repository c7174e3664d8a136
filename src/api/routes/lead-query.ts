import { z } from 'zod';
import { ownershipStatuses } from '../../domain/routing/ownership-events.ts';
import type { LeadFilters, LeadOrder } from '../../queries/lead/leads.ts';
import { leadSorts } from '../../queries/lead/leads.ts';
import { paging } from '../http/paging.ts';

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
  sort: z.enum(leadSorts.flatMap((field) => [field, `-${field}`] as const)).default('-score'),
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

/** The order that a list is asked in. */
export const orderOf = (sort: Query['sort']): LeadOrder => ({
  field: leadSorts.find((each) => sort.endsWith(each)) ?? 'score',
  direction: sort.startsWith('-') ? 'desc' : 'asc',
});

/** Which leads are asked for. */
export const filtersOf = ({
  qualified,
  ...filters
}: Omit<Query, 'limit' | 'cursor' | 'sort' | 'count'>): LeadFilters => ({
  ...filters,
  qualified: qualified === undefined ? undefined : qualified === 'true',
});
