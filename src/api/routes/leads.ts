import { z } from 'zod';
import type { Identifier } from '../../domain/identity/identity.ts';
import { formerOf, normalized } from '../../domain/identity/identity.ts';
import { leadBy, leadOf } from '../../queries/lead/lead.ts';
import { leadThen, viewThen } from '../../queries/lead/lead-then.ts';
import { leadCount, leaderboard, leads as listed } from '../../queries/lead/leads.ts';
import type { Routes } from '../http/app.ts';
import { projectOf } from '../http/auth.ts';
import { inLane } from '../http/lanes.ts';
import { filtersOf, leadQuery, orderOf } from './lead-query.ts';
import { leadSummary, leadView } from './lead-view.ts';
import { pastTimes, thenOf } from './past-times.ts';
import { asOf, asOfNow, listOf, pageOf, paging } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { queryContext } from '../http/query-context.ts';
import { etag } from '../http/request.ts';

const identifierQuery = z.object({
  userId: z.string().max(256).optional(),
  email: z.string().max(256).optional(),
  anonymousId: z.string().max(256).optional(),
});

/** An address as it was meant: in a query a plus that is not escaped is read as a space, which no address has. */
const withPluses = (address: string): string => address.trim().replaceAll(' ', '+');

/** The identifier that is asked for, and what it was recorded as before it had its normal form. */
const identifiersIn = ({ userId, email, anonymousId }: z.infer<typeof identifierQuery>): readonly Identifier[] => {
  const given = [
    ...(userId === undefined ? [] : [{ kind: 'userId', value: userId } as const]),
    ...(email === undefined ? [] : [{ kind: 'email', value: withPluses(email) } as const]),
    ...(anonymousId === undefined ? [] : [{ kind: 'anonymousId', value: anonymousId } as const]),
  ];
  const [identifier] = given;
  if (identifier && given.length === 1) return [normalized(identifier), ...formerOf(identifier)];
  throw new Problem('invalid-request', 'Look up by exactly one of userId, email and anonymousId');
};

const inPath = z.object({ leadId: z.string().min(1).max(64) });
const access = { config: { permission: 'leads:read' } } as const;
const tags = ['Leads'];

/** Leads: lists, one by id, one by an identifier, and the ones with the highest scores. */
export const leads: Routes = (app, api) => {
  const context = queryContext(api);
  app.get(
    '/api/leads',
    {
      ...access,
      schema: {
        summary: 'Leads, filtered and sorted',
        tags,
        querystring: leadQuery,
        response: {
          200: listOf(leadSummary).extend({
            total: z.int().optional().describe('With `count=true`: how many there are on all pages'),
          }),
        },
      },
    },
    async (request) => {
      const projectId = projectOf(request);
      const { sort, limit, cursor, count, ...asked } = request.query;
      const filters = filtersOf(asked);
      const page = await pageOf(api, ['leads', projectId, sort, asked], { limit, cursor }, (range) =>
        listed(context, projectId, { filters, order: orderOf(sort), range }),
      );
      if (count !== 'true') return page;
      // To count looks at all that the list has, on all its pages: two at a time of a project.
      return { ...page, total: await inLane(api, request, () => leadCount(context, projectId, filters)) };
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
      const lead = await leadBy(context, projectId, identifiersIn(request.query));
      reply.header('ETag', etag(lead.revision)).header('Content-Location', `/api/leads/${lead.leadId}`);
      return lead;
    },
  );

  app.get(
    '/api/leads/:leadId',
    {
      ...access,
      schema: {
        summary: 'A lead; for the id of a merged one its survivor, which Content-Location names',
        tags,
        params: inPath,
        querystring: z.object(pastTimes),
        response: { 200: leadView },
      },
    },
    async (request, reply) => {
      const projectId = projectOf(request);
      const then = thenOf(api, request.query);
      if (then) {
        const asked = request.params.leadId;
        const { leadId, view } = await inLane(api, request, async () => {
          const past = await leadThen(context, projectId, asked, then);
          return { leadId: past.leadId, view: viewThen(projectId, past, then) };
        });
        if (leadId !== asked) reply.header('Content-Location', `/api/leads/${leadId}`);
        return view;
      }
      const lead = await leadOf(context, projectId, request.params.leadId);
      reply.header('ETag', etag(lead.revision));
      if (lead.leadId !== request.params.leadId) reply.header('Content-Location', `/api/leads/${lead.leadId}`);
      return lead;
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
        response: { 200: z.object({ data: z.array(ranked), asOf }) },
      },
    },
    async (request) => {
      const asOf = asOfNow(api);
      return { data: await leaderboard(context, projectOf(request), request.query.limit), asOf };
    },
  );
};
