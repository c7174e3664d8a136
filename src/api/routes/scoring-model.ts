import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { publishScoringModel } from '../../commands/scoring/publish-scoring-model.ts';
import { project } from '../../domain/projects/project.ts';
import type { ScoringModel } from '../../domain/scoring/scoring-model.ts';
import { scoringLimits, scoringModelForm, scoringModelSchema } from '../../domain/scoring/scoring-form.ts';
import { publishedModelSchema } from '../../domain/scoring/published-model.ts';
import { publishedPage } from '../../queries/published.ts';
import type { ModelVersion } from '../../queries/scoring/scoring-model.ts';
import { modelsOf, scoringModelOf } from '../../queries/scoring/scoring-model.ts';
import type { Routes } from '../http/app.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { invalid, Problem } from '../http/problems.ts';
import { queryContext } from '../http/query-context.ts';
import { ofVersion, publishedBy, versionOf, withoutAnswerFields } from './published.ts';
import { etag, requestOf, withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const tags = ['Scoring'];
const read = { permission: 'leads:read' } as const;
const ofProject = z.object({ projectId: z.string() });
const { model: plainModel } = publishedModelSchema.shape;
const modelView = plainModel.extend({ version: z.number().int() });
const versionView = z.object({
  version: z.number().int(),
  publishedAt: z.string(),
  publishedBy,
  note: z.string().optional(),
  restores: z.number().int().optional(),
  model: plainModel,
});

const published = z.object({
  version: z.number().int(),
  jobId: z
    .string()
    .optional()
    .describe('The job that scores the leads again; none when the model was in force already'),
});

type Wanted = {
  readonly projectId: string;
  readonly model: ScoringModel;
  readonly note?: string | undefined;
  readonly restores?: number;
};

const publish = async (
  { engine }: ApiContext,
  request: FastifyRequest,
  wanted: Wanted,
  reply: FastifyReply,
): Promise<z.infer<typeof published>> => {
  const asked = requestOf(request, publishScoringModel.name);
  const { events, revision, position } = await engine.handle(publishScoringModel, wanted, asked);
  const { projectId } = wanted;
  withPosition(reply, position).header('ETag', etag(revision));
  const [version] = events.flatMap((event) => (event.type === 'ScoringModelPublished' ? [event.data.version] : []));
  if (version !== undefined) return { version, jobId: `${projectId}.rescore-${version}` };
  return { version: (await engine.states.get(project, projectId)).state.scoring.version };
};

/** Throws a `Problem` when a model of before is more than one may be by now: it would be dear for others. */
const mustBeAllowed = ({ version, model }: ModelVersion): void => {
  const { error } = scoringModelSchema.safeParse(model);
  if (!error) return;
  const detail = `Version ${version} is more than a model may be by now: ${invalid(error).detail}`;
  throw new Problem('invalid-request', detail, { errors: [{ pointer: '/version', detail }] });
};

/** The scoring model of a project, and those it had before. */
export const scoringModel: Routes = (app, api) => {
  const context = queryContext(api);
  const url = '/api/projects/:projectId/scoring-model';
  app.route({
    method: 'GET',
    url,
    config: read,
    schema: {
      summary: 'The scoring model in force',
      tags,
      params: ofProject,
      response: { 200: modelView },
    },
    handler: async ({ params: { projectId } }, reply) => {
      const { view, revision } = await scoringModelOf(context, projectId);
      reply.header('ETag', etag(revision));
      return view;
    },
  });
  app.route({
    method: 'PUT',
    url,
    config: { permission: 'config:write' },
    bodyLimit: scoringLimits.bytes,
    schema: {
      summary: 'Put a scoring model in force',
      description:
        'The whole model, perhaps with a `note` for those who read its versions. With If-Match it is refused when the project has ' +
        'changed since its ETag was read.',
      tags,
      params: ofProject,
      body: z.preprocess(withoutAnswerFields('model'), scoringModelForm),
      response: { 200: published },
    },
    handler: (request, reply) => {
      const { note, ...model } = request.body;
      return publish(api, request, { projectId: request.params.projectId, model, note }, reply);
    },
  });
  app.route({
    method: 'GET',
    url: `${url}/versions`,
    config: read,
    schema: {
      summary: 'Every scoring model that was in force, newest first',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(versionView) },
    },
    handler: ({ params: { projectId }, query }) =>
      pageOf(api, ['scoring-models', projectId], query, (range) => publishedPage(context, modelsOf(projectId), range)),
  });
  app.route({
    method: 'GET',
    url: `${url}/versions/:version`,
    config: read,
    schema: {
      summary: 'One version of the scoring model',
      tags,
      params: ofVersion,
      response: { 200: versionView },
    },
    handler: ({ params: { projectId, version } }) => versionOf(context, modelsOf(projectId), version),
  });
  app.route({
    method: 'POST',
    url: `${url}/rollback`,
    config: { permission: 'config:write' },
    schema: {
      summary: 'Put an earlier scoring model in force again',
      description: 'As a new version, which says in `restores` what it restores. All leads are scored again with it.',
      tags,
      params: ofProject,
      body: z.strictObject({ version: z.int().min(1) }),
      response: { 200: published },
    },
    handler: async (request, reply) => {
      const { projectId } = request.params;
      const { version: restores } = request.body;
      const before = await versionOf(context, modelsOf(projectId), restores);
      mustBeAllowed(before);
      return publish(api, request, { projectId, model: before.model, restores }, reply);
    },
  });
};
