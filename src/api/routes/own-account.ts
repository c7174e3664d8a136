import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Routes } from '../http/app.ts';
import { Problem } from '../http/problems.ts';
import { signedIn } from '../http/auth.ts';
import { askingOf, withCookie } from '../http/signed.ts';
import { asTry } from '../http/trying.ts';
import { bodyLimit, fields, personSchema, personShown } from './account-form.ts';

const tags = ['Accounts'];
const config = { permission: 'account' } as const;

/** What a person sees and does of their own account. */
export const ownAccount: Routes = (app, api) => {
  const { people } = api;

  /** Who is signed in, and their address. */
  const signed = async (request: FastifyRequest) => {
    const { personId, sessionId } = signedIn(request);
    const addressId = await people.addressOf(sessionId);
    if (addressId === undefined) throw new Problem('session-revoked', 'The session is over; sign in again');
    return { personId, sessionId, addressId, asking: askingOf(request, personId) };
  };

  app.route({
    method: 'GET',
    url: '/api/auth/me',
    config,
    schema: { summary: 'Who is signed in', tags, response: { 200: personSchema } },
    handler: async (request, reply) => {
      const { personId } = signedIn(request);
      const person = await people.personOf(personId);
      if (!person) throw new Problem('session-revoked', 'There is no such person any more');
      reply.header('Cache-Control', 'no-store');
      return personShown(person);
    },
  });
  app.route({
    method: 'POST',
    url: '/api/auth/logout',
    config,
    bodyLimit,
    schema: { summary: 'Sign out', tags, response: { 204: z.null() } },
    handler: async (request, reply) => {
      const { sessionId, asking } = await signed(request);
      await people.end(sessionId, asking);
      return withCookie(reply).code(204).send();
    },
  });
  app.route({
    method: 'POST',
    url: '/api/auth/logout-all',
    config,
    bodyLimit,
    schema: { summary: 'Sign out everywhere', tags, response: { 204: z.null() } },
    handler: async (request, reply) => {
      const { addressId, asking } = await signed(request);
      await people.endAll(addressId, asking);
      return withCookie(reply).code(204).send();
    },
  });
  app.route({
    method: 'POST',
    url: '/api/auth/change-password',
    config,
    bodyLimit,
    schema: {
      summary: 'Change the password',
      description: 'All other sessions end, within 2 s in every process.',
      tags,
      body: z.strictObject({ currentPassword: z.string().min(1).max(1_024), newPassword: fields.password }),
      response: { 200: z.object({ status: z.literal('changed') }) },
    },
    handler: async (request) => {
      const { addressId, sessionId, asking } = await signed(request);
      const change = () => people.changePassword({ ...request.body, addressId, sessionId }, asking);
      // Whoever took over a session must not find out the password by it.
      await asTry(api, request, { account: addressId, wrong: 'The current password is not right' }, change);
      return { status: 'changed' as const };
    },
  });
};
