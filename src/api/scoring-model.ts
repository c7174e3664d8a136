import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { publishScoringModel } from '../commands/publish-scoring-model.ts';
import type { ProjectEvent, ProjectState } from '../domain/project.ts';
import { project } from '../domain/project.ts';
import type { ScoringModel } from '../domain/scoring-model.ts';
import { defaultModel, publishedModelSchema, scoringModelSchema } from '../domain/scoring-model.ts';
import type { Page, Scalar } from '../readmodels/read-models.ts';
import type { Routes } from './app.ts';
import { listOf, pageOf, paging } from './paging.ts';
import { Problem } from './problems.ts';
import { withoutAnswerFields } from './published.ts';
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

/** After so many characters of models a page ends, however few they are. */
const mostText = 4_000_000;

/** A version by the fact that published it; the first one began with the project. */
const versionOf = async (
  { engine }: World,
  { projectId = '', createdAt, published }: ProjectState,
  version: number,
): Promise<Version | undefined> => {
  if (version === 1) return { version, publishedAt: createdAt, model: defaultModel };
  const revision = published.get(version - 2);
  if (version < 1 || revision === undefined) return undefined;
  const [event] = await engine.states.read<ProjectEvent>(`${project.name}-${projectId}`, revision - 1, 1);
  return event?.type === 'ScoringModelPublished' ? event.data : undefined;
};

/** Versions from the newest on, or from the one before `after`: no more than fit in an answer. */
const versionsFrom = async (
  world: World,
  state: ProjectState,
  { limit, after: [after] = [] }: { readonly limit: number; readonly after?: readonly Scalar[] },
): Promise<Page<Version>> => {
  const docs: Version[] = [];
  let text = 0;
  let next = after === undefined ? state.scoring.version : Number(after) - 1;
  for (; next >= 1 && docs.length < limit && text < mostText; next--) {
    const version = await versionOf(world, state, next);
    if (!version) continue;
    docs.push(version);
    text += JSON.stringify(version.model).length;
  }
  return { docs, ...(next >= 1 && { next: [next + 1] }) };
};

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
    handler: async ({ params: { projectId }, query }) => {
      const { state } = await world.engine.states.refresh(project, projectId);
      const page = await pageOf(world, ['scoring-models', projectId], query, (range) =>
        versionsFrom(world, state, range),
      );
      return { ...page, data: [...page.data] };
    },
  });
  app.route({
    ...{ method: 'GET', url: `${url}/versions/:version`, config: read },
    schema: {
      summary: 'One version of the scoring model',
      ...{
        tags,
        params: ofProject.extend({ version: z.coerce.number().int().min(1) }),
        response: { 200: versionView },
      },
    },
    handler: async ({ params: { projectId, version } }) => {
      const { state } = await world.engine.states.refresh(project, projectId);
      const found = await versionOf(world, state, version);
      if (found) return found;
      throw new Problem('not-found', `Project ${projectId} has no scoring model with version ${version}`);
    },
  });
};
