import { z } from 'zod';
import type { Routes } from '../http/app.ts';
import { Problem } from '../http/problems.ts';
import { askingOf } from '../http/signed.ts';
import { accepted, bodyLimit, fields, isAccepted } from './account-form.ts';

const tags = ['Accounts'];
const config = { public: true } as const;
const alike = 'The answer is the same whether there is such an account or not.';

/** How people get an account, prove that an address is theirs, and choose another password. */
export const accounts: Routes = (app, { people, signUp }) => {
  app.route({
    method: 'POST',
    url: '/api/auth/register',
    config,
    bodyLimit,
    schema: {
      summary: 'Ask for an account',
      description: `A mail says how to go on. ${alike} Only where SIGN_UP is open.`,
      tags,
      body: z.strictObject({ email: fields.email, password: fields.password, name: fields.name.optional() }),
      response: { 202: accepted },
    },
    handler: async (request, reply) => {
      if (signUp !== 'open')
        throw new Problem('sign-up-closed', 'Who wants an account here has to be invited to a project');
      await people.register(request.body, askingOf(request));
      return reply.code(202).send(isAccepted);
    },
  });
  app.route({
    method: 'POST',
    url: '/api/auth/verify-email',
    config,
    bodyLimit,
    schema: {
      summary: 'Show by the token of a mail that its address is yours',
      description:
        'Only the password that came with that very registration is in force then. The same again changes nothing.',
      tags,
      body: z.strictObject({ token: fields.token }),
      response: {
        200: z.object({
          status: z.literal('verified'),
          passwordSet: z.boolean().describe('Whether there is a password by now; else ask for one by forgot-password'),
        }),
      },
    },
    handler: async (request) => {
      const { passwordSet } = await people.verify(request.body.token, askingOf(request));
      return { status: 'verified' as const, passwordSet };
    },
  });
  for (const [path, summary, ask] of [
    ['resend-verification', 'Have another mail sent by which an address is verified', people.resendVerification],
    ['forgot-password', 'Have a mail sent by which another password can be chosen', people.forgotPassword],
  ] as const) {
    app.route({
      method: 'POST',
      url: `/api/auth/${path}`,
      config,
      bodyLimit,
      schema: {
        summary,
        description: `${alike} An address is sent three mails an hour at most.`,
        tags,
        body: z.strictObject({ email: fields.email }),
        response: { 202: accepted },
      },
      handler: async (request, reply) => {
        ask(request.body.email, askingOf(request));
        reply.code(202);
        return isAccepted;
      },
    });
  }
  app.route({
    method: 'POST',
    url: '/api/auth/reset-password',
    config,
    bodyLimit,
    schema: {
      summary: 'Choose another password by the token of a mail',
      description: 'Once, within 60 minutes. All sessions end.',
      tags,
      body: z.strictObject({ token: fields.token, password: fields.password }),
      response: { 200: z.object({ status: z.literal('changed') }) },
    },
    handler: async (request) => {
      await people.resetPassword(request.body.token, request.body.password, askingOf(request));
      return { status: 'changed' as const };
    },
  });
  app.route({
    method: 'GET',
    url: '/.well-known/jwks.json',
    config,
    schema: {
      summary: 'The keys that access tokens are checked with (RFC 7517)',
      tags,
      response: { 200: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }) },
    },
    handler: async (_, reply) => {
      // A key is told ten minutes before it signs.
      reply.header('Cache-Control', 'public, max-age=300');
      return { keys: (await people.tokenKeys()).map((key) => ({ ...key })) };
    },
  });
};
