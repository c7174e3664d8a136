import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { publishScoringModel } from '../commands/publish-scoring-model.ts';
import type { ProjectEvent, ProjectState } from '../domain/project.ts';
import { project } from '../domain/project.ts';
import type { ScoringModel } from '../domain/scoring-model.ts';
import { scoringLimits, scoringModelSchema } from '../domain/scoring-form.ts';
import { defaultModel, publishedModelSchema } from '../domain/scoring-model.ts';
import type { Routes } from './app.ts';
import { listOf, paging } from './paging.ts';
import type { PublishedIn } from './published.ts';
import { ofVersion, publishedPage, versionOf, withoutAnswerFields } from './published.ts';
import { etag, requestOf, withPosition } from './request.ts';
import type { World } from './world.ts';

const tags = ['Scoring'];
const read = { scope: 'leads:read' } as const;
const ofProject = z.object({ projectId: z.string() });
const { model: plainModel } = publishedModelSchema.shape;
const modelView = plainModel.extend({ version: z.number().int() });
const versionView = z.object({ version: z.number().int(), publishedAt: z.string(), model: plainModel });
type Version = Readonly<z.infer<typeof versionView>>;

const published = z.object({
  version: z.number().int(),
  jobId: z
    .string()
    .optional()
    .describe('The job that scores the leads again; none when the model was in force already'),
});

const publish = async (
  { engine }: World,
  request: FastifyRequest,
  [projectId, model]: readonly [string, ScoringModel],
  reply: FastifyReply,
): Promise<z.infer<typeof published>> => {
  const asked = requestOf(request, publishScoringModel.name);
  const { events, revision, position } = await engine.handle(publishScoringModel, { projectId, model }, asked);
  withPosition(reply, position).header('ETag', etag(revision));
  const [version] = events.flatMap((event) => (event.type === 'ScoringModelPublished' ? [event.data.version] : []));
  if (version !== undefined) return { version, jobId: `${projectId}.rescore-${version}` };
  return { version: (await engine.states.get(project, projectId)).state.scoring.version };
};

const modelsOf = (projectId: string): PublishedIn<ProjectState, ProjectEvent, Version> => ({
  ...{ aggregate: project, id: projectId, newest: ({ scoring }) => scoring.version },
  pick: (event) => {
    if (event.type === 'ScoringModelPublished') return event.data;
    if (event.type !== 'ProjectCreated') return undefined;
    return { version: 1, publishedAt: event.data.createdAt, model: defaultModel };
  },
});

/** The scoring model of a project, and those it had before. */
export const scoringModel: Routes = (app, world) => {
  const url = '/api/projects/:projectId/scoring-model';
  app.route({
    ...{ method: 'GET', url, config: read },
    schema: {
      summary: 'The scoring model in force',
      ...{ tags, params: ofProject, response: { 200: modelView } },
    },
    handler: async ({ params: { projectId } }, reply) => {
      const { state, revision } = await world.engine.states.refresh(project, projectId);
      reply.header('ETag', etag(revision));
      return { version: state.scoring.version, ...state.scoring.model };
    },
  });
  app.route({
    ...{ method: 'PUT', url, config: { scope: 'config:write' } },
    bodyLimit: scoringLimits.bytes,
    schema: {
      summary: 'Put a scoring model in force',
      description: 'The whole model. With If-Match it is refused when the project has changed since its ETag was read.',
      ...{ tags, params: ofProject, body: z.preprocess(withoutAnswerFields, scoringModelSchema) },
      response: { 200: published },
    },
    handler: (request, reply) => publish(world, request, [request.params.projectId, request.body], reply),
  });
  app.route({
    ...{ method: 'GET', url: `${url}/versions`, config: read },
    schema: {
      summary: 'Every scoring model that was in force, newest first',
      ...{ tags, params: ofProject, querystring: z.object(paging), response: { 200: listOf(versionView) } },
    },
    handler: ({ params: { projectId }, query }) =>
      publishedPage(world, ['scoring-models', projectId], query, modelsOf(projectId)),
  });
  app.route({
    ...{ method: 'GET', url: `${url}/versions/:version`, config: read },
    schema: {
      summary: 'One version of the scoring model',
      ...{ tags, params: ofVersion, response: { 200: versionView } },
    },
    handler: ({ params: { projectId, version } }) => versionOf(world, modelsOf(projectId), version),
  });
};
