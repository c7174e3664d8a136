import { z } from 'zod';
import { projections } from '../../src/projections/index.ts';
import { dashboard } from '../../src/projections/dashboard.ts';
import { deliveries } from '../../src/projections/deliveries.ts';
import { history } from '../../src/projections/history.ts';
import { leads } from '../../src/projections/leads.ts';
import { allProjects, projects } from '../../src/projections/projects.ts';
import { openWorkItems, workItems } from '../../src/projections/work-items.ts';
import { routedLeads } from '../../src/projections/routed-leads.ts';
import type { Condition, Query, Scalar } from '../../src/readmodels/queries.ts';
import type { Collection } from '../../src/readmodels/collection.ts';

/**
 * A query that somebody asks. `ordered`: its index gives the page in order, and no more is read than the page; the others
 * are narrowed by an index and sorted afterwards.
 */
export type Shape = {
  readonly name: string;
  readonly project: string;
  readonly collection: Collection<never>;
  readonly query: Query<never>;
  readonly ordered: boolean;
  /** The field whose value narrows what is looked at, where one does. */
  readonly by?: string;
};

/** A count that somebody asks for. */
export type CountShape = Pick<Shape, 'name' | 'project' | 'collection'> & {
  readonly where: readonly Condition<never>[];
};

// A shape says nothing of the documents, which makes all of them alike.
const erased = <D>({ name, indexes, terms, sparse }: Collection<D>): Collection<never> => ({
  name,
  indexes,
  document: z.never(),
  ...(terms !== undefined && { terms }),
  ...(sparse && { sparse }),
});

const is = (field: string, value: Scalar) => ({ field, op: 'eq', value }) as const;
const stage = is('stage', 'customer');
const assignee = is('assignee', 'ann');
const team = is('team', 'emea');
const routing = is('routing', 'waiting');
const unrouted = is('unrouted', 1);
const range = [
  { field: 'score', op: 'gte', value: 5 },
  { field: 'score', op: 'lte', value: 50 },
] as const;
const trait = { field: 'terms', op: 'prefix', value: ' ["profile","country","de"]' } as const;
const seen = [{ field: 'firstSeenAt', op: 'gte', value: '2026-01-01T00:00:00.000Z' }] as const;
const q = { field: 'terms', op: 'prefix', value: 'an' } as const;

const filters: readonly (readonly [string, readonly Condition<never>[]])[] = [
  ['all', []],
  ['of a stage', [stage]],
  ['of an assignee', [assignee]],
  ['of a score', range],
  ['of a stage and a score', [stage, ...range]],
  ['of an assignee and a score', [assignee, ...range]],
  ['of a team', [team]],
  ['of a routing', [routing]],
  ['of a team and a score', [team, ...range]],
  ['that a new model qualified', [unrouted]],
  ['that a new model qualified, and of a score', [unrouted, ...range]],
  ['of a routing and a score', [routing, ...range]],
  ['of a team, a stage and a routing', [stage, routing, team]],
  ['of a stage and a routing', [stage, routing]],
  ['of an assignee and a routing', [routing, assignee]],
  ['of a team and an assignee', [team, assignee]],
  ['first seen since', seen],
  ['of a stage, first seen since', [stage, ...seen]],
  ['with a trait', [trait]],
  ['with a trait and a word, of a team', [team, trait, q]],
  ['with a word', [q]],
  ['with a word, of a stage, an assignee and a score', [stage, assignee, ...range, q]],
];

const sorts = ['score', 'lastActivityAt', 'firstSeenAt'] as const;
const directions = ['asc', 'desc'] as const;

/** Whose value narrows most, of those that a query names. */
const narrowest = (where: readonly Condition<never>[], field: string): string | undefined => {
  const named = where.map((each): string => each.field);
  // What a team has is in each order; what a rep has by its score, and is little enough to be sorted.
  if (named.includes('assignee') && (field === 'score' || !named.includes('team'))) return 'assignee';
  return ['team', 'unrouted', 'routing', 'stage'].find((each) => named.includes(each));
};

// The declared indexes have each order for all leads, for each stage and team, and some for each status and assignee.
const isOrdered = (where: readonly Condition<never>[], field: string): boolean => {
  if (where.includes(q) || where.includes(trait)) return false;
  const by = narrowest(where, field);
  if (where.some((each) => each.field === 'firstSeenAt') && by === undefined) return field === 'firstSeenAt';
  return by === undefined ? where.length === 0 || field === 'score' : by !== 'assignee' || field === 'score';
};

// The API does not list leads of a status by their last activity, unless it is narrowed otherwise.
const isAsked = (where: readonly Condition<never>[], field: string): boolean =>
  field !== 'lastActivityAt' ||
  !(where.includes(routing) || where.includes(unrouted)) ||
  where.includes(team) ||
  where.includes(assignee);

const lists = filters.flatMap(([filter, where]) =>
  sorts
    .filter((field) => isAsked(where, field))
    .flatMap((field) =>
      directions.map((direction): Shape => {
        const by = where.includes(q) || where.includes(trait) ? undefined : narrowest(where, field);
        return {
          name: `leads, ${filter}, by ${field} ${direction}`,
          project: 'p1',
          collection: erased(leads),
          ordered: isOrdered(where, field),
          ...(by !== undefined && { by }),
          query: { where, sort: [{ field, direction }], limit: 50 },
        };
      }),
    ),
);

const timeline = directions.map((direction) => ({
  name: `timeline, ${direction}`,
  project: 'p1',
  collection: erased(history),
  ordered: true,
  query: { where: [is('leadId', 'l1')], sort: [{ field: 'occurredAt', direction }], limit: 50 },
}));

const now = '2026-01-02T00:00:00.000Z';
const [byDue, byPriority] = [['dueAt'], ['rank', 'dueAt']] as const;
const open = [is('ended', 0), { field: 'until', op: 'lte', value: now }] as const;
const queue = (
  [
    ['all', [], ['ended', ...byDue]],
    ['open', open, byDue],
    ['completed', [is('status', 'completed'), is('ended', 1)], byDue],
    ['all, by priority', [], ['ended', ...byPriority]],
    ['open, by priority', open, byPriority],
    ['newest', [], ['openedAt']],
    ['of a kind', [is('kind', 'failed_work')], ['ended', ...byDue]],
    ['of a team, open', [is('teamId', 'emea'), ...open], byDue],
    ['of an assignee, open', [is('assignee', 'ada'), ...open], byDue],
    ['of a lead', [is('leadId', 'l1')], ['ended', ...byDue]],
  ] as const
).map(([name, where, fields]) => {
  const sort = fields.map((field) => ({ field, direction: field === 'openedAt' ? 'desc' : 'asc' }) as const);
  const query = { where, sort, limit: 50 };
  return { name: `work items, ${name}`, project: 'p1', collection: erased(workItems), ordered: true, query };
});

/** Deliveries by what is asked of them, and whether an index has those in order; a lead's are few, and sorted. */
const told = (
  [
    ['all', [], true],
    ['of an endpoint', ['endpointId'], true],
    ['of a state', ['state'], true],
    ['of an endpoint and a state', ['endpointId', 'state'], true],
    ['of a lead', ['leadId'], false],
    ['of a lead and a state', ['leadId', 'state'], false],
    ['of an endpoint and a lead', ['endpointId', 'leadId'], true],
    ['of an endpoint, a lead and a state', ['endpointId', 'leadId', 'state'], true],
  ] as const
).map(([name, fields, ordered]): Shape => {
  const isOfLead = fields.some((field) => field === 'leadId');
  const where = [is('projectId', 'p1'), ...fields.map((field) => is(field, 'x'))];
  return {
    name: `deliveries, ${name}`,
    project: allProjects,
    collection: erased(deliveries),
    ordered,
    ...(isOfLead && { by: 'leadId' }),
    query: { where, sort: [{ field: 'order', direction: 'desc' }], limit: 50 },
  };
});

const others: readonly Shape[] = [
  {
    name: 'the minutes of a project',
    project: 'p1',
    collection: erased(dashboard),
    ordered: true,
    query: {
      where: [is('unit', 'minute'), { field: 'at', op: 'gt', value: '2026-01-01T00:00:00.000Z' }],
      sort: [{ field: 'at', direction: 'asc' }],
      limit: 100,
    },
  },
  {
    name: 'the projects',
    project: allProjects,
    collection: erased(projects),
    ordered: true,
    query: { where: [], sort: [{ field: 'createdAt', direction: 'asc' }], limit: 50 },
  },
  {
    name: 'the leads to score again',
    project: 'p1',
    collection: erased(leads),
    ordered: true,
    query: { where: [], sort: [], limit: 200 },
  },
];

/** What each declared index is there for: those with a value in the fields before the last, in order of that one. */
const byIndexes = projections.flatMap((collection) =>
  collection.indexes.map((fields: readonly string[]): Shape => {
    const sort = fields.slice(-1).map((field) => ({ field, direction: 'asc' }) as const);
    const where = fields.slice(0, -1).map((field) => is(field, '7'));
    return {
      name: `${collection.name} by ${fields.join(', ')}`,
      project: 'p1',
      collection,
      ordered: true,
      query: { where, sort, limit: 50 },
    };
  }),
);

const firsts: readonly Shape[] = [...lists, ...timeline, ...queue, ...told, ...others, ...byIndexes];

const after = ({ query, ...shape }: Shape): Shape => ({
  ...shape,
  name: `${shape.name}, after a page`,
  query: {
    ...query,
    after: [
      ...query.sort.map(({ field }) =>
        ['score', 'ended', 'rank', 'order'].includes(field) ? 7 : '2026-01-02T00:00:00.000Z',
      ),
      'l5',
    ],
  },
});

/** Every find of the API and of the reactors that is not by id, its first page and a later one. */
export const shapes: readonly Shape[] = [...firsts, ...firsts.map(after)];

/** Every count of the API and of the reactors. */
export const countShapes: readonly CountShape[] = [
  {
    name: 'the activities of a lead since a time',
    project: 'p1',
    collection: erased(history),
    where: [is('leadId', 'l1'), { field: 'occurredAt', op: 'gt', value: '2026-01-01T00:00:00.000Z' }],
  },
  { name: 'the qualified leads', project: 'p1', collection: erased(leads), where: [is('qualified', 1)] },
  { name: 'what is open', project: allProjects, collection: erased(openWorkItems), where: [is('kind', 'failed_work')] },
  { name: 'all leads', project: 'p1', collection: erased(leads), where: [] },
  {
    name: 'the leads with a trait, first seen since',
    project: 'p1',
    collection: erased(leads),
    where: [trait, ...seen],
  },
  { name: 'the leads that are routed', project: 'p1', collection: erased(routedLeads), where: [] },
  ...[
    [is('state', 'waiting')],
    [is('teamId', 'emea')],
    [is('teamId', 'emea'), is('state', 'won')],
    [is('repId', 'ann'), is('state', 'assigned')],
  ].map((where) => ({
    name: `the leads that are routed, by ${where.map(({ field }) => field).join(' and ')}`,
    project: 'p1',
    collection: erased(routedLeads),
    where,
  })),
];
