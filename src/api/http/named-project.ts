import type { FastifyRequest } from 'fastify';
import { Problem } from './problems.ts';
import { header } from './request.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The project that a session named in the query, which is no part of what the route is asked. */
    namedInQuery: string | undefined;
  }
}

/** The text under a key of something that came from outside. */
export const textAt = (value: unknown, key: string): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1];
  return typeof found === 'string' ? found : undefined;
};

/** That there is no such project, in the same words whether there is none or the caller may know of none. */
export const unknownProject = (projectId: string): Problem =>
  new Problem('project-unknown', `There is no project ${projectId.slice(0, 64)}`);

const isProjectId = (text: string): boolean => /^[a-z0-9]{1,64}$/.test(text);

/**
 * The project that a request is about, by the `:projectId` of its path, by a header, and of a session by its query. Throws a
 * `Problem` when they differ.
 */
export const namedProject = (request: FastifyRequest): string | undefined => {
  const inPath = textAt(request.params, 'projectId');
  const named = header(request, 'x-project-id');
  if (named !== undefined && !isProjectId(named)) {
    throw new Problem('invalid-header', 'X-Project-Id takes a project id: 1 to 64 of a-z and 0-9');
  }
  const { namedInQuery } = request;
  if (namedInQuery !== undefined && !isProjectId(namedInQuery)) {
    throw new Problem('invalid-request', 'The query takes as projectId a project id: 1 to 64 of a-z and 0-9');
  }
  const [first, ...others] = [inPath, named, namedInQuery].filter((each) => each !== undefined);
  const other = others.find((each) => each !== first);
  if (other === undefined) return first;
  const said = inPath === undefined ? 'X-Project-Id and the query name two projects' : undefined;
  throw new Problem(
    'project-contradiction',
    said ?? `The request names ${other} and its path another; leave the header out where the path names the project`,
  );
};

/** Notes the project that a session names in the query, and takes it out of what the route is asked, unless that asks for one. */
export const takeProjectOfQuery = (request: FastifyRequest, isAsked: boolean): void => {
  const projectId = textAt(request.query, 'projectId');
  if (projectId === undefined || typeof request.query !== 'object' || request.query === null) return;
  request.namedInQuery = projectId;
  if (isAsked) return;
  request.query = Object.fromEntries(Object.entries(request.query).filter(([name]) => name !== 'projectId'));
};
