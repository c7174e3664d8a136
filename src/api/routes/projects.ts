import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { createProject } from '../../commands/projects/create-project.ts';
import type { Key } from '../../domain/projects/project.ts';
import { project } from '../../domain/projects/project.ts';
import { streamOf } from '../../domain/streams.ts';
import { roles } from '../../domain/people/roles.ts';
import { countOfProjects, projectsOfPerson } from '../../queries/projects/members.ts';
import { projectOf, projects as listed } from '../../queries/projects/projects.ts';
import type { Routes } from '../http/app.ts';
import { idOf, issue, making } from './issuing.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { Problem } from '../http/problems.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf, withPosition } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';

const tags = ['Projects'];
const name = z.string().trim().min(1).max(128);
const projectView = z.object({ projectId: z.string(), name: z.string(), createdAt: z.string() });
const created = z.object({
  projectId: z.string(),
  name: z.string(),
  apiKey: z.string().describe('Sends events and reads leads: for servers, which can keep a secret'),
  writeKey: z
    .string()
    .describe('Sends events and does nothing else: for browsers, apps and SDKs, where anybody can read it'),
});

/** The keys that a project begins with. */
const first = {
  apiKey: { name: 'default', scopes: ['events:write', 'leads:read'] },
  writeKey: { name: 'write', scopes: ['events:write'] },
} satisfies Record<string, Pick<Key, 'name' | 'scopes'>>;

/** Of how many projects a person may be a member who begins another one. */
export const mostProjects = 50;

/** Whether nothing was made of this id yet: a retry is answered as before, however many there are by now. */
const isNew = async ({ engine }: ApiContext, projectId: string): Promise<boolean> =>
  (await engine.states.read(streamOf(project.name, projectId), -1, 1)).length === 0;

const mustMayHaveMore = async (api: ApiContext, personId: string): Promise<void> => {
  if ((await countOfProjects(queryContext(api), personId)) < mostProjects) return;
  const detail = `Who is a member of ${mostProjects} projects can begin no more; leave one, or ask for the root key`;
  throw new Problem('projects-full', detail);
};

const create = async (
  api: ApiContext,
  request: FastifyRequest & { readonly body: { readonly name: string } },
  reply: FastifyReply,
): Promise<z.infer<typeof created>> => {
  const made = making(api, request, 'project');
  const projectId = idOf(made('project id'));
  const asked = requestOf(request, createProject.name);
  const { signed } = request.caller;
  if (signed && (await isNew(api, projectId))) await mustMayHaveMore(api, signed.personId);
  // With its admin in one append: there is no moment at which nobody sees to it.
  const wanted = { projectId, name: request.body.name, ...(signed && { admin: signed.personId }) };
  const { events } = await api.engine.handle(createProject, wanted, asked);
  const [as] = events.flatMap((event) => (event.type === 'ProjectCreated' ? [event.data.name] : []));
  const ofApi = await issue(api, request, made, { projectId, ...first.apiKey });
  const madeToWrite = making(api, request, 'write key');
  const toWrite = await issue(api, request, madeToWrite, { projectId, ...first.writeKey, part: 'write' });
  withPosition(reply, Math.max(ofApi.position, toWrite.position)).code(201);
  reply.header('Location', `/api/projects/${projectId}`);
  return { projectId, name: as ?? request.body.name, apiKey: ofApi.key, writeKey: toWrite.key };
};

/** Projects: a tenant each. */
export const projects: Routes = (app, api) => {
  const context = queryContext(api);
  app.route({
    method: 'POST',
    url: '/api/projects',
    config: { permission: 'projects:create' },
    schema: {
      summary: 'Make a project and its first keys',
      description:
        'The keys are shown here only, and again to a retry with the same Idempotency-Key. Takes the root key, or a person, who is its admin.',
      tags,
      body: z.object({ name }),
      response: { 201: created },
    },
    handler: (request, reply) => create(api, request, reply),
  });
  app.route({
    method: 'GET',
    url: '/api/projects',
    config: { permission: 'projects:list' },
    schema: {
      summary: 'The projects, oldest first',
      description:
        'The root key sees all of them, a key of a project its own, a person those that they belong to, with their role.',
      tags,
      querystring: z.object(paging),
      response: { 200: listOf(projectView.extend({ role: z.enum(roles).optional() })) },
    },
    handler: ({ caller: { projectId, signed }, query }) =>
      signed
        ? pageOf(api, ['projects', signed.personId], query, (range) =>
            projectsOfPerson(context, signed.personId, range),
          )
        : pageOf(api, ['projects', projectId], query, (range) => listed(context, projectId, range)),
  });
  app.route({
    method: 'GET',
    url: '/api/projects/:projectId',
    config: { permission: 'leads:read' },
    schema: {
      summary: 'A project',
      tags,
      params: z.object({ projectId: z.string() }),
      response: { 200: projectView },
    },
    handler: ({ params: { projectId } }) => projectOf(context, projectId),
  });
};
