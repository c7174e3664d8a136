import type { FastifyRequest } from 'fastify';
import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { addressIdOf } from '../../domain/people/address.ts';
import type { Verified } from '../../flows/people/sessions.ts';
import type { PersonView } from '../../flows/people/people.ts';
import type { App, Routes } from '../http/app.ts';
import type { ApiContext } from '../http/context.ts';
import { hashOf, keyLength } from '../http/key.ts';
import { Problem } from '../http/problems.ts';
import { askingOf, cookieOf, mustBeOfConsole, withCookie } from '../http/signed.ts';
import { asTry } from '../http/trying.ts';
import { bodyLimit, fields, personSchema, personShown } from './account-form.ts';

const tags = ['Accounts'];
const config = { public: true } as const;

/** For how many seconds an access token holds. */
const expiresIn = 900;

const challenge = { 'WWW-Authenticate': 'Bearer realm="leadfold"' };

const pair = z.object({
  accessToken: z.string().describe('Sent as Bearer; holds for 15 minutes'),
  expiresIn: z.int(),
  refreshToken: z.string().describe('Gets the next pair, once'),
});

const credentials = z.strictObject({ email: fields.email, password: fields.password });
type SignIn = z.output<typeof credentials>;

/** Who signs in, with what is needed of them. Throws a `Problem` for whoever may not. */
const signIn = async (
  api: ApiContext,
  request: FastifyRequest,
  { email, password }: SignIn,
): Promise<{ readonly verified: Verified; readonly person: PersonView }> => {
  const { people } = api;
  const tried = { account: addressIdOf(email), wrong: 'There is no account with this address and password' };
  const { addressId, state } = await asTry(api, request, tried, () => people.prove({ email, password }));
  const { personId } = state;
  if (!state.verified)
    throw new Problem('email-not-verified', 'Open the link that was mailed first, or ask for another one');
  if (personId === undefined) throw new Error(`Nobody has the address ${addressId}`);
  const person = (await people.personOf(personId)) ?? { personId, email, name: undefined, verified: true };
  return { verified: { personId, addressId, epoch: state.epoch }, person };
};

/** Whether a text is the root key, or a valid key of a project. */
const isAnyKey = async (app: App, { adminKey }: ApiContext, request: FastifyRequest, key: string): Promise<boolean> =>
  timingSafeEqual(hashOf(key), hashOf(adminKey)) || app.isKey(request, key);

const signedInto = z.object({ person: personSchema.optional().describe('Not there where a key was sent') });

/** How sessions begin, go on, and how the console is opened and closed. */
export const signingIn: Routes = (app, api) => {
  const { people } = api;
  app.route({
    method: 'POST',
    url: '/api/auth/login',
    config,
    bodyLimit,
    schema: {
      summary: 'Sign in',
      description: 'The answer tells nobody whether there is such an account.',
      tags,
      body: credentials,
      response: { 200: pair.extend({ person: personSchema }) },
    },
    handler: async (request, reply) => {
      const { verified, person } = await signIn(api, request, request.body);
      const tokens = await people.start(verified, askingOf(request, verified.personId));
      reply.header('Cache-Control', 'no-store');
      return { ...tokens, expiresIn, person: personShown(person) };
    },
  });
  app.route({
    method: 'POST',
    url: '/api/auth/refresh',
    config,
    bodyLimit,
    schema: {
      summary: 'Get the next pair of tokens',
      description: 'Each refresh token works once: one that comes twice ends the session.',
      tags,
      body: z.strictObject({ refreshToken: fields.token }),
      response: { 200: pair },
    },
    handler: async (request, reply) => {
      const tokens = await people.refresh(request.body.refreshToken, askingOf(request));
      reply.header('Cache-Control', 'no-store');
      return { ...tokens, expiresIn };
    },
  });
  const byKey = z.strictObject({ key: z.string().min(1).max(keyLength) });
  app.route({
    method: 'POST',
    url: '/api/auth/console',
    config,
    bodyLimit,
    schema: {
      summary: 'Open the console, with an account or with a key',
      description: 'Sets a cookie that pages can not read. Who writes with it sends the header X-Leadfold-Console.',
      tags,
      body: z.union([credentials, byKey]),
      response: { 200: signedInto },
    },
    handler: async (request, reply) => {
      const { body } = request;
      reply.header('Cache-Control', 'no-store');
      if ('key' in body) {
        if (!(await isAnyKey(app, api, request, body.key)))
          throw new Problem('credentials-invalid', 'The key is not known, or it was revoked', { headers: challenge });
        withCookie(reply, await people.startConsole({ key: body.key }, askingOf(request)));
        return {};
      }
      const { verified, person } = await signIn(api, request, body);
      const asking = askingOf(request, verified.personId);
      withCookie(reply, await people.startConsole({ person: verified }, asking));
      return { person: personShown(person) };
    },
  });
  app.route({
    method: 'DELETE',
    url: '/api/auth/console',
    config,
    schema: { summary: 'Close the console', tags, response: { 204: z.null() } },
    handler: async (request: FastifyRequest, reply) => {
      const cookie = cookieOf(request);
      if (cookie !== undefined) {
        mustBeOfConsole(request);
        await people.endConsole(cookie, askingOf(request));
      }
      return withCookie(reply).code(204).send();
    },
  });
};
