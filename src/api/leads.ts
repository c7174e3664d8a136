import { z } from 'zod';
import type { Identifier } from '../domain/identity.ts';
import { normalized } from '../domain/identity.ts';
import { ownershipStatuses } from '../domain/ownership-events.ts';
import type { LeadDocument } from '../projections/leads.ts';
import { leads as collection } from '../projections/leads.ts';
import type { Condition } from '../readmodels/read-models.ts';
import type { Routes } from './app.ts';
import { projectOf } from './auth.ts';
import { inLane } from './lanes.ts';
import { leadThen, pastTimes, thenOf, viewThen } from './lead-then.ts';
import { leadDocumentBy, leadDocumentOf, leadSummary, leadView, summarizing, viewOf } from './lead-view.ts';
import { listOf, pageOf, paging } from './paging.ts';
import { Problem } from './problems.ts';
import { etag } from './request.ts';

const sorts = ['score', 'lastActivityAt', 'firstSeenAt'] as const;

const listed = z.object({
  stage: z.string().min(1).max(64).optional(),
  minScore: z.coerce.number().optional(),
  maxScore: z.coerce.number().optional(),
  assignee: z.string().min(1).max(256).optional().describe('The rep who has it'),
  team: z.string().min(1).max(64).optional(),
  routing: z.enum(ownershipStatuses).optional(),
  qualified: z
    .literal('true')
    .optional()
    .describe(
      'Its score reaches the threshold; with routing `none`: those that a new model qualified, whom nobody has',
    ),
  q: z.string().trim().min(1).max(256).optional().describe('Begins a word of an identifier or of the profile'),
  sort: z.enum(sorts.flatMap((field) => [field, `-${field}`] as const)).default('-score'),
  ...paging,
});

const needsRouting = 'Name a routing status with qualified, such as routing=none';

/** There is no index for that order, and every lead of a project may have the same status. */
const query = listed
  .refine(({ qualified, routing }) => qualified === undefined || routing !== undefined, {
    path: ['qualified'],
    error: needsRouting,
  })
  .refine(
    ({ routing, team, assignee, sort }) =>
      routing === undefined || team !== undefined || assignee !== undefined || !sort.endsWith('lastActivityAt'),
    { path: ['sort'], error: 'Leads of a routing status come by score or firstSeenAt; name a team or an assignee too' },
  );

const ofRouting = (routing: string | undefined, qualified: string | undefined): readonly Condition<LeadDocument>[] => {
  if (routing === undefined) return [];
  if (routing === 'none' && qualified) return [{ field: 'unrouted', op: 'eq', value: 1 }];
  const of = { field: 'routing', op: 'eq', value: routing } as const;
  return qualified ? [of, { field: 'qualified', op: 'eq', value: 1 }] : [of];
};

const conditionsOf = ({
  stage,
  minScore,
  maxScore,
  assignee,
  team,
  routing,
  qualified,
  q,
}: z.infer<typeof query>): readonly Condition<LeadDocument>[] => [
  ...(stage === undefined ? [] : [{ field: 'stage', op: 'eq', value: stage } as const]),
  ...(assignee === undefined ? [] : [{ field: 'assignee', op: 'eq', value: assignee } as const]),
  ...(team === undefined ? [] : [{ field: 'team', op: 'eq', value: team } as const]),
  ...ofRouting(routing, qualified),
  ...(minScore === undefined ? [] : [{ field: 'score', op: 'gte', value: minScore } as const]),
  ...(maxScore === undefined ? [] : [{ field: 'score', op: 'lte', value: maxScore } as const]),
  ...(q === undefined ? [] : [{ field: 'terms', op: 'prefix', value: q.toLowerCase() } as const]),
];

const identifierQuery = z.object({
  userId: z.string().max(256).optional(),
  email: z.string().max(256).optional(),
  anonymousId: z.string().max(256).optional(),
});

const identifierIn = ({ userId, email, anonymousId }: z.infer<typeof identifierQuery>): Identifier => {
  const given = [
    ...(userId === undefined ? [] : [{ kind: 'userId', value: userId } as const]),
    ...(email === undefined ? [] : [{ kind: 'email', value: email } as const]),
    ...(anonymousId === undefined ? [] : [{ kind: 'anonymousId', value: anonymousId } as const]),
  ];
  const [identifier] = given;
  if (identifier && given.length === 1) return normalized(identifier);
  throw new Problem('invalid-request', 'Look up by exactly one of userId, email and anonymousId');
};

const inPath = z.object({ leadId: z.string().min(1).max(64) });
const access = { config: { scope: 'leads:read' } } as const;
const tags = ['Leads'];

/** Leads: lists, one by id, one by an identifier, and the ones with the highest scores. */
export const leads: Routes = (app, world) => {
  app.get(
    '/api/leads',
    {
      ...access,
      schema: {
        summary: 'Leads, filtered and sorted',
        tags,
        querystring: query,
        response: { 200: listOf(leadSummary) },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const { sort, limit, cursor, ...filters } = request.query;
      const field = sorts.find((each) => sort.endsWith(each)) ?? 'score';
      const direction = sort.startsWith('-') ? 'desc' : 'asc';
      const where = conditionsOf(request.query);
      const page = await pageOf(world, ['leads', projectId, sort, filters], { limit, cursor }, (range) =>
        world.readModels.find(projectId, collection, { where, sort: [{ field, direction }], ...range }),
      );
      return { ...page, data: page.data.map(await summarizing(world, projectId)) };
    },
  );

  app.get(
    '/api/leads/lookup',
    {
      ...access,
      schema: {
        summary: 'The lead that an identifier leads to',
        tags,
        querystring: identifierQuery,
        response: { 200: leadView },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const doc = await leadDocumentBy(world, projectId, identifierIn(request.query));
      reply.header('ETag', etag(doc.revision)).header('Content-Location', `/api/leads/${doc.leadId}`);
      return viewOf(world, projectId, doc);
    },
  );

  app.get(
    '/api/leads/:leadId',
    {
      ...access,
      schema: {
        summary: 'A lead; for the id of a merged one its survivor, which Content-Location names',
        ...{ tags, params: inPath, querystring: z.object(pastTimes), response: { 200: leadView } },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const then = thenOf(world, request.query);
      if (then) {
        const asked = request.params.leadId;
        const { leadId, view } = await inLane(world, request, async () => {
          const past = await leadThen(world, projectId, asked, then);
          return { leadId: past.leadId, view: viewThen(projectId, past, then) };
        });
        if (leadId !== asked) reply.header('Content-Location', `/api/leads/${leadId}`);
        return view;
      }
      const doc = await leadDocumentOf(world, projectId, request.params.leadId);
      reply.header('ETag', etag(doc.revision));
      if (doc.leadId !== request.params.leadId) reply.header('Content-Location', `/api/leads/${doc.leadId}`);
      return viewOf(world, projectId, doc);
    },
  );

  const ranked = leadSummary.extend({ rank: z.int() });
  app.get(
    '/api/leaderboard',
    {
      ...access,
      schema: {
        summary: 'The leads with the highest scores',
        tags,
        querystring: z.object({ limit: paging.limit }),
        response: { 200: z.object({ data: z.array(ranked) }) },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const { limit } = request.query;
      const sort = [{ field: 'score', direction: 'desc' }] as const;
      const { docs } = await world.readModels.find(projectId, collection, { where: [], sort, limit });
      const summarize = await summarizing(world, projectId);
      return { data: docs.map((doc, index) => ({ rank: index + 1, ...summarize(doc) })) };
    },
  );
};
