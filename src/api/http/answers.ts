import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CommandReused, StaleRevision, TooManyConflicts } from '../../engine/errors.ts';
import { Rejection } from '../../domain/rejection.ts';
import { StoreUnavailable } from '../../eventstore/event-store.ts';
import { HashingBusy } from '../../outside/passwords/hashing.ts';
import { SecretLost, VaultUnavailable } from '../../outside/vault/boxes.ts';
import { DamagedBox } from '../../outside/vault/sealing.ts';
import { VaultConflict, VaultLocked } from '../../outside/vault/vault.ts';
import { ReadModelsUnavailable } from '../../readmodels/read-models.ts';
import type { App, Routes } from './app.ts';
import type { ProblemCode } from './problems.ts';
import { bodyOf, invalid, invalidIn, kinds, pointerOf, Problem } from './problems.ts';
import { queriesAreKnown, queryIn } from './query.ts';
import { pathOf } from './request.ts';
import { ownWords } from './words.ts';

/** Tells a caller to come back in a second. */
const soon = { 'Retry-After': '1' } as const;

/** Says by what somebody may show who they are. */
const challenge = { 'WWW-Authenticate': 'Bearer realm="leadfold"' };

/** What Fastify and its plugins refuse, by their codes. */
const frameworkCodes: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-type', 'Send JSON with Content-Type: application/json'],
  FST_ERR_BAD_URL: ['invalid-request', 'The path is not a valid URL path; check its %-escapes'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found', 'A part of the path is longer than any id is'],
};

const ofFramework = (error: Partial<FastifyError>): Problem | undefined => {
  const [code, detail] = frameworkCodes[error.code ?? ''] ?? [];
  if (code !== undefined && detail !== undefined) return new Problem(code, detail);
  const refused = error.code?.startsWith('FST_') && error.statusCode !== undefined && error.statusCode < 500;
  return refused ? new Problem('invalid-request', error.message ?? 'The request can not be read') : undefined;
};

const isAway = (error: unknown): boolean => error instanceof StoreUnavailable || error instanceof ReadModelsUnavailable;

/** What an error is to the caller. Of an error that nobody expected, nothing is told. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  if (error instanceof Rejection) {
    const errors = error.faults?.map(({ path, detail }) => ({ pointer: pointerOf(path), detail }));
    const headers = error.code === 'reject-replaying' ? soon : kinds[error.code].status === 401 ? challenge : undefined;
    return new Problem(error.code, error.message, { ...(errors && { errors }), ...(headers && { headers }) });
  }
  if (error instanceof StaleRevision) {
    return new Problem('stale-revision', 'Read it again, and send If-Match with the ETag of that answer');
  }
  if (error instanceof CommandReused || error instanceof VaultConflict) {
    const detail = 'Something else was asked with this Idempotency-Key before; send what was sent then, or another key';
    return new Problem('idempotency-key-reused', detail);
  }
  if (error instanceof HashingBusy) {
    const detail = 'Many sign in or choose a password at this moment; send the same request again';
    return new Problem('too-many-requests', detail, { headers: soon });
  }
  if (error instanceof TooManyConflicts) {
    return new Problem('too-many-conflicts', 'Others keep changing it; send the same request again', { headers: soon });
  }
  if (error instanceof StoreUnavailable) {
    const detail = 'Facts can not be read or recorded now; send the same request again, with its Idempotency-Key';
    return new Problem('store-unavailable', detail, { headers: soon });
  }
  if (error instanceof ReadModelsUnavailable) {
    const detail = 'This can not be read now; nothing is lost, send the same request again';
    return new Problem('read-models-unavailable', detail, { headers: soon });
  }
  if ([VaultUnavailable, VaultLocked, DamagedBox, SecretLost].some((kind) => error instanceof kind)) {
    const detail = 'Secrets can not be read or kept now; why is in the log. Send the same request again';
    return new Problem('vault-unavailable', detail, { headers: soon, cause: error });
  }
  const known = error instanceof Error ? ofFramework(error) : undefined;
  return known ?? new Problem('internal-error', 'It was noted under the traceId; please quote it when you report this');
};

/**
 * Lets a client send the rest of a body that nobody will read. Closing the connection meanwhile, as the framework would,
 * resets it: the client fails to write, and never sees the answer.
 */
const discardBody = ({ raw }: FastifyRequest, reply: FastifyReply): void => {
  raw.unpipe();
  raw.resume();
  reply.removeHeader('Connection');
};

/** Says how large a body may be where that differs from the usual. */
const ofSize = (problem: Problem, { routeOptions: { bodyLimit } }: FastifyRequest): Problem => {
  if (problem.code !== 'too-large' || bodyLimit === undefined || bodyLimit >= 1_048_576) return problem;
  return new Problem('too-large', `The body may have ${bodyLimit / 1_024} KiB here; make what it says less`);
};

/** Nobody is there any more to be answered: the client went away while it sent. */
const aborted = new Problem('invalid-request', 'The connection ended before the request was whole');

/** Answers with the problem that an error is. What is our fault is logged under the same id. */
export const answerProblem = (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const gone = reply.raw.destroyed && !request.raw.complete;
  if (gone) request.log.debug({ err: error }, 'the client went away while it sent');
  const problem = gone ? aborted : ofSize(problemOf(error), request);
  const { status } = kinds[problem.code];
  if (status === 500) request.log.error({ err: error }, 'request failed');
  // Of a store that is away is told once, and not for each request.
  else if (isAway(error)) request.log.debug({ err: error }, 'request could not be served');
  else if (status > 500) request.log.warn({ err: error }, 'request could not be served');
  if (status === 413 || status === 429) discardBody(request, reply);
  return reply
    .code(status)
    .headers(problem.headers)
    .header('X-Correlation-Id', request.id)
    .header('Content-Type', 'application/problem+json')
    .send(JSON.stringify(bodyOf(problem, request.id)));
};

type Place = { readonly method: string; readonly path: RegExp };

const places = (method: string | readonly string[], url: string): readonly Place[] => {
  const path = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+')}$`);
  return [method].flat().map((each) => ({ method: each, path }));
};

const asked = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null ? { ...data } : {};

/** Makes every error a problem document, and a path without a route a 404, or a 405 when another method has one. */
export const answers = (app: App): void => {
  const known: Place[] = [];
  app.addHook('onRoute', ({ method, url }) => void known.push(...places(method, pathOf(url))));
  queriesAreKnown(app);
  app.setErrorHandler(answerProblem);
  const missing = ({ url, method }: FastifyRequest): Problem => {
    const path = pathOf(url);
    const methods = [...new Set(known.filter((place) => place.path.test(path)).map(({ method }) => method))].join(', ');
    const said = `${method} ${path.slice(0, 200)}`;
    if (methods === '') return new Problem('not-found', `There is no ${said}; /openapi.json lists what there is`);
    return new Problem('method-not-allowed', `There is no ${said}, but ${methods}`, { headers: { Allow: methods } });
  };
  app.setNotFoundHandler((request, reply) => answerProblem(missing(request), request, reply));
  // Before the body is read: whatever is wrong with it, that there is no such path is the answer.
  app.addHook('onRequest', (request, _reply, done) => done(request.is404 ? missing(request) : undefined));
  app.setValidatorCompiler<z.ZodType>(({ schema, httpPart }) => (data: unknown) => {
    const { query, errors } = httpPart === 'querystring' ? queryIn(schema, asked(data)) : { query: data, errors: [] };
    if (errors.length > 0) return { error: invalidIn(errors, 'querystring') };
    const parsed = schema.safeParse(query, { error: ownWords });
    return parsed.success ? { value: parsed.data } : { error: invalid(parsed.error, httpPart) };
  });
  // TypeScript holds answers to their schemas; checking each again would cost time and turn a slip into a 500.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
};

/** Serves the list that the `type` of a problem leads to. */
export const problemKinds: Routes = (app) =>
  void app.route({
    method: 'GET',
    url: '/problems',
    config: { public: true },
    schema: {
      summary: 'The kinds of problems that answers tell of',
      tags: ['Health'],
      response: {
        200: z.object({ data: z.array(z.object({ code: z.string(), status: z.int(), title: z.string() })) }),
      },
    },
    handler: () => ({ data: Object.entries(kinds).map(([code, kind]) => ({ code, ...kind })) }),
  });
