import type { FastifyContextConfig, FastifyRequest } from 'fastify';
import type { Permission } from '../../domain/people/permissions.ts';
import type { App } from './app.ts';
import type { Caller } from './caller.ts';
import { mustAllow, nobody, projectMissing, recognising } from './caller.ts';
import type { Credential } from './credentials.ts';
import { credentialOf, isToken, unauthorized } from './credentials.ts';
import { memberOf } from './json-scan.ts';
import { keyLength } from './key.ts';
import { takeProjectOfQuery } from './named-project.ts';
import { hashOf } from './key.ts';
import { Problem } from './problems.ts';
import { asksFor } from './query.ts';
import type { SignedIn } from './signed.ts';
import { isByTls } from './signed.ts';
import type { ApiContext } from './context.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller must be allowed to use the route. */
    permission?: Permission;
    /** The route asks nobody who they are. */
    public?: boolean;
    /** The key may also come as `writeKey` in the body. */
    writeKeyInBody?: boolean;
  }
  interface FastifyInstance {
    /** Whether what a request shows where there is no credential is a valid key of a project. One that is not counts as a failure. */
    isKey: (request: FastifyRequest, text: string) => Promise<boolean>;
    /** Whether there is a project of an id. */
    isProject: (projectId: string) => Promise<boolean>;
    /** Whether what the headers of a request that was let in show would still let it in. Rejects when that can't be told now. */
    isStillAllowed: (request: FastifyRequest) => Promise<boolean>;
    /** The same for what waited long for its answer: throws the `Problem` that the caller would have now. */
    mustStillBeAllowed: (request: FastifyRequest) => Promise<void>;
    /** Lets a request in by the key in its body, which is looked for and nothing else. Throws a `Problem` when there is none. */
    admitByBody: (request: FastifyRequest, body: Buffer) => Promise<void>;
  }
  interface FastifyRequest {
    caller: Caller;
  }
}

/** Throws a `Problem` when a caller may not use the route of a request. One that is open to all gets no callers. */
const mustBeLetIn = (caller: Caller, { routeOptions: { config } }: FastifyRequest): void => {
  if (config.permission !== undefined) mustAllow(caller, config.permission);
};

/** The project that the caller's request is about. Throws a `Problem` when it names none and the caller belongs to none. */
export const projectOf = ({ caller }: FastifyRequest): string => {
  if (caller.projectId !== undefined) return caller.projectId;
  throw projectMissing();
};

/** The session of a caller who is a person. Throws a `Problem` for anybody else. */
export const signedIn = ({ caller }: FastifyRequest): SignedIn => {
  if (caller.signed) return caller.signed;
  throw unauthorized('Nobody is signed in by this; sign in and send the access token as Bearer');
};

const mustDeclare = (url: string, config: FastifyContextConfig = {}): void => {
  if ((config.permission === undefined) === (config.public !== true)) {
    throw new TypeError(`Route ${url} must have either a permission or public: true in its config`);
  }
};

/**
 * Lets in whom a route allows: before the body is read when the key is in the headers, else by the body's `writeKey` before the body
 * is parsed.
 */
export const authentication = (app: App, api: ApiContext): void => {
  const { recognise, isKey, isProject, isAtHand } = recognising(api);
  const { limiting } = app;
  /** What counts the projects that a credential names and that are not its owner's, apart from what others at its address do wrong. */
  const projectsOf = ({ text }: Credential): string => `projects ${hashOf(text).toString('base64url')}`;
  /** The same, in which an address may be wrong only so often; then nobody asks the log any more for what it sends. */
  const recogniseFew = async (credential: Credential, request: FastifyRequest): Promise<Caller> => {
    if (!isAtHand(credential, request)) {
      if (!limiting.mayFail(request)) limiting.refuse(request);
      if (!limiting.mayFail(request, projectsOf(credential))) limiting.refuse(request, projectsOf(credential));
    }
    try {
      return await recognise(credential, request);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.code === 'unauthorized') await limiting.failed(request);
      // Whose credential is right, and their project is not, has not been counted for anything else.
      if (error.code === 'project-unknown') await limiting.failed(request, projectsOf(credential));
      throw error;
    }
  };
  const admit = async (credential: Credential, request: FastifyRequest, inBody = false): Promise<void> => {
    if (credential.by === 'cookie' || isToken(credential.text))
      takeProjectOfQuery(request, asksFor(request.routeOptions, 'projectId'));
    const caller = await recogniseFew(credential, request);
    if (inBody) limiting.recognised(request);
    const waits = limiting.counted(request, caller);
    if (waits) await waits;
    mustBeLetIn(caller, request);
    request.caller = caller;
  };
  const admitAgain = async (request: FastifyRequest): Promise<void> => {
    const credential = credentialOf(request);
    if (credential === undefined) throw unauthorized('The key has to come in a header');
    mustBeLetIn(await recognise(credential, request), request);
  };
  const missingInBody = 'Send a key with Authorization or X-API-Key, or as writeKey in the body';
  app.decorate('byTls', isByTls(api));
  app.decorate('isKey', async (request, text) => {
    if (!limiting.mayFail(request) && !isAtHand({ text, by: 'header' }, request)) limiting.refuse(request);
    const known = await isKey(text);
    if (!known) await limiting.failed(request);
    return known;
  });
  app.decorate('isProject', isProject);
  app.decorate('isStillAllowed', async (request) => {
    try {
      await admitAgain(request);
      return true;
    } catch (error) {
      if (error instanceof Problem) return false;
      throw error;
    }
  });
  app.decorate('mustStillBeAllowed', admitAgain);
  app.decorate('admitByBody', async (request, body) => {
    if (request.routeOptions.config.public) return;
    const writeKey = memberOf(body, 'writeKey', keyLength);
    if (writeKey === undefined) throw unauthorized(missingInBody);
    return admit({ text: writeKey, by: 'header' }, request, true);
  });
  app.decorateRequest('caller');
  app.decorateRequest('namedInQuery');
  app.addHook('onRoute', ({ url, config }) => mustDeclare(url, config));
  app.addHook('onRequest', (request, _reply, done) => {
    const { config } = request.routeOptions;
    request.caller = nobody;
    if (request.is404 || config.public) return done();
    const credential = credentialOf(request);
    if (credential !== undefined) return void admit(credential, request).then(() => done(), done);
    if (config.writeKeyInBody) return done();
    throw unauthorized('Send a key with Authorization: Bearer, with X-API-Key, or as the user of Basic');
  });
  app.addHook('preValidation', (request, _reply, done) => {
    const { config } = request.routeOptions;
    // Where there is no body, nobody was let in by it.
    if (request.is404 || config.public || request.caller !== nobody) return done();
    throw unauthorized(missingInBody);
  });
};
