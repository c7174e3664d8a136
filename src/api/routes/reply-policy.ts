import { z } from 'zod';
import { publishReplyPolicy } from '../../commands/routing/publish-reply-policy.ts';
import { boundedList } from '../../domain/bounded.ts';
import { replyLimits, replyPolicySchema } from '../../domain/routing/reply-policy.ts';
import { rosterEvents } from '../../domain/routing/roster-events.ts';
import { roster } from '../../domain/routing/roster.ts';
import { publishedPage } from '../../queries/published.ts';
import { policiesOf, replyPolicyOf } from '../../queries/routing/reply-policy.ts';
import type { Routes } from '../http/app.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { ofVersion, publishedBy, versionOf, withoutAnswerFields } from './published.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';

const tags = ['Routing'];
const [read, write] = [{ permission: 'leads:read' }, { permission: 'config:write' }] as const;
const ofProject = z.object({ projectId: z.string() });
const version = z.int();
const versionView = rosterEvents.ReplyPolicyPublished.extend({ publishedBy });
const { shape } = replyPolicySchema;
const policyForm = z.strictObject({
  ...shape,
  steps: boundedList(z.strictObject(shape.steps.element.shape), replyLimits.steps),
});

/** How soon the leads of a project must be replied to. */
export const replyPolicy: Routes = (app, api) => {
  const { engine } = api;
  const context = queryContext(api);
  const url = '/api/projects/:projectId/reply-policy';
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The reply policy in force',
      description: 'Version 0 is what holds before one is published. The ETag is of the whole roster.',
      tags,
      params: ofProject,
      response: { 200: replyPolicySchema.extend({ version }) },
    },
    handler: async ({ params: { projectId } }, reply) => {
      const { view, revision } = await replyPolicyOf(context, projectId);
      reply.header('ETag', etag(revision));
      return view;
    },
  });
  app.route({
    method: 'PUT',
    url,
    config: write,
    bodyLimit: replyLimits.bytes,
    schema: {
      summary: 'Put a reply policy in force',
      description: 'All of it, for leads that are assigned from now on.',
      tags,
      params: ofProject,
      body: z.preprocess(withoutAnswerFields('policy'), policyForm),
      response: { 200: z.object({ version }) },
    },
    handler: async (request, reply) => {
      const { projectId } = request.params;
      const asked = requestOf(request, publishReplyPolicy.name);
      const { events, ...at } = await engine.handle(publishReplyPolicy, { projectId, policy: request.body }, asked);
      withPosition(reply, at.position).header('ETag', etag(at.revision));
      const [made] = events.flatMap((event) => (event.type === 'ReplyPolicyPublished' ? [event.data] : []));
      return { version: made?.version ?? (await engine.states.get(roster, projectId)).state.replies.version };
    },
  });
  app.route({
    method: 'GET',
    url: `${url}/versions`,
    config: read,
    schema: {
      summary: 'Every version of the reply policy, newest first',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(versionView) },
    },
    handler: ({ params: { projectId }, query }) =>
      pageOf(api, ['reply-policy', projectId], query, (range) => publishedPage(context, policiesOf(projectId), range)),
  });
  app.route({
    method: 'GET',
    url: `${url}/versions/:version`,
    config: read,
    schema: {
      summary: 'One version of the reply policy',
      tags,
      params: ofVersion,
      response: { 200: versionView },
    },
    handler: ({ params }) => versionOf(context, policiesOf(params.projectId), params.version),
  });
};
